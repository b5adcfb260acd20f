// A bundle as a folder: where it is when it is one, else unpacked for as long as this lives, beside the
// archive or in a folder of the user's choice.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "cli/environment.h"
#include "evidence/verify.h"

namespace muster::cli {

class Unpacked {
 public:
  explicit Unpacked(FileSystem& files) : files_(files) {}
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;
  ~Unpacked() {
    if (is_passing_) static_cast<void>(files_.remove_all(folder_));
  }
  /// Unpacks when needed, and checks every file against SHA256SUMS: what is used afterwards is what was
  /// listed. `problems` of the verification, if any, are the error: the first of them.
  [[nodiscard]] Result<evidence::Verification> open(const Environment& environment, const std::string& bundle,
                                                    const std::optional<std::string>& work);
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  FileSystem& files_;
  std::string folder_;
  bool is_passing_ = false;
};

}  // namespace muster::cli
