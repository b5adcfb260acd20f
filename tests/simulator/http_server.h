// The HTTP server: 127.0.0.1 on a port that the system chooses, plain or TLS, keep-alive, one thread a
// connection. The library (cpp-httplib) stays behind this header. The handler is called from several threads
// at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "message.h"

namespace simulator {

struct ServerOptions {
  std::string certificate_file, key_file;  // both empty: no TLS
  std::size_t connections = 128;           // at once; more wait
};

class HttpServer {
 public:
  /// Binds at once. Throws std::runtime_error when it cannot.
  HttpServer(const ServerOptions& options, std::function<Reply(const Request&)> handler);
  ~HttpServer();
  [[nodiscard]] int port() const;
  /// Serves until stop() is called from another thread, or from a handler.
  void run();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace simulator
