#include "http_server.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include <httplib.h>

namespace simulator {
namespace {

Request request_of(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  parse_target(from.target, request);
  for (const auto& [name, value] : from.headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers.emplace_back(std::move(lower), value);
  }
  request.body = from.body;
  return request;
}

void send(Reply reply, httplib::Response& to) {
  if (reply.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(reply.delay_ms));
  to.status = reply.status;
  for (const auto& [name, value] : reply.headers) to.set_header(name, value);
  // A provider of known length is sent as it is; a plain body would be compressed whenever the client allows
  // it.
  const std::size_t size = reply.body.size();
  if (size == 0) {
    to.set_content("", reply.content_type);
    return;
  }
  const std::size_t sent = std::min(reply.sent, size);
  to.set_content_provider(size, reply.content_type,
                          [body = std::make_shared<std::string>(std::move(reply.body)), sent](
                              std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                            if (offset >= sent) return false;
                            return sink.write(body->data() + offset, std::min(length, sent - offset));
                          });
}

}  // namespace

struct HttpServer::Impl {
  std::unique_ptr<httplib::Server> server;
  int port = 0;
};

HttpServer::HttpServer(const ServerOptions& options, std::function<Reply(const Request&)> handler)
    : impl_(std::make_unique<Impl>()) {
  if (options.certificate_file.empty()) {
    impl_->server = std::make_unique<httplib::Server>();
  } else {
    impl_->server =
        std::make_unique<httplib::SSLServer>(options.certificate_file.c_str(), options.key_file.c_str());
  }
  httplib::Server& server = *impl_->server;
  if (!server.is_valid()) throw std::runtime_error("cannot use the certificate " + options.certificate_file);
  server.new_task_queue = [count = options.connections] { return new httplib::ThreadPool(count); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_keep_alive_timeout(60);
  server.set_read_timeout(60);
  server.set_write_timeout(300);
  auto answer = [handler = std::move(handler)](const httplib::Request& from, httplib::Response& to) {
    send(handler(request_of(from)), to);
  };
  // Requests without a body are answered before the library looks for a route, which costs it a regular
  // expression.
  server.set_pre_routing_handler([answer](const httplib::Request& from, httplib::Response& to) {
    if (from.method != "GET" && from.method != "HEAD") return httplib::Server::HandlerResponse::Unhandled;
    answer(from, to);
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Post(".*", answer);
  server.Put(".*", answer);
  server.Patch(".*", answer);
  server.Delete(".*", answer);
  server.Options(".*", answer);
  impl_->port = server.bind_to_any_port("127.0.0.1");
  if (impl_->port <= 0) throw std::runtime_error("cannot bind to 127.0.0.1");
}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port; }
void HttpServer::run() { impl_->server->listen_after_bind(); }
void HttpServer::stop() { impl_->server->stop(); }

}  // namespace simulator
