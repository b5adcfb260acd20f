// A JSON document that is handed on piece by piece, so that the report of a million subjects is never held
// whole. Used by one thread.
//
//   Document doc(out);  doc().begin_object();  …;  doc().end_object();  doc.finish();
#pragma once

#include <cstddef>
#include <string>

#include "base/json.h"
#include "reports/report.h"

namespace muster::reports {

class Document {
 public:
  /// Members down to `lines` levels begin a line each; deeper ones share it.
  explicit Document(Output& out, int lines = 2) : out_(out), writer_(buffer_, 1, lines) {
    buffer_.reserve(kPieceBytes + 64 * 1024);
  }
  /// The writer; what was written before may leave the buffer now.
  json::Writer& operator()() {
    if (buffer_.size() >= kPieceBytes) flush();
    return writer_;
  }
  void finish() {
    buffer_ += '\n';
    flush();
  }

 private:
  static constexpr std::size_t kPieceBytes = 256 * 1024;
  void flush() {
    out_.write(buffer_);
    buffer_.clear();
  }
  Output& out_;
  std::string buffer_;
  json::Writer writer_;
};

}  // namespace muster::reports
