// A server that answers by a script, on this machine only.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace muster::http {

/// Answers one connection after the other with the given bytes, then ends.
class Server {
 public:
  explicit Server(std::vector<std::string> replies) : replies_(std::move(replies)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    if (::bind(socket_, generic, size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, generic, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() { static_cast<void>(requests()); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// What was asked; nothing more is answered.
  const std::vector<std::string>& requests() {
    if (thread_.joinable()) {
      ::shutdown(socket_, SHUT_RDWR);
      thread_.join();
      ::close(socket_);
    }
    return requests_;
  }

 private:
  void serve() {
    for (const std::string& reply : replies_) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        request.append(buffer, static_cast<std::size_t>(got));
      }
      // The body of a POST.
      const std::size_t head = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
      if (length < head)
        while (request.size() < head + 4 + std::stoul(request.substr(length + 16))) {
          const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
          if (got <= 0) break;
          request.append(buffer, static_cast<std::size_t>(got));
        }
      requests_.push_back(request);
      static_cast<void>(::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL));
      ::close(connection);
    }
  }

  std::vector<std::string> replies_, requests_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace muster::http
