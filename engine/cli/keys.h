// Keys from where the config says they are: an environment variable, a file, or what a program prints. Never
// from an argument, which every user of the machine could read.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "cli/environment.h"
#include "http/secret.h"
#include "model/settings.h"

namespace muster::cli {

/// The key, without white space around it; from here on the process leaves no core file. Errors key_missing:
/// the variable is not set, the file is not there or empty, the program failed; the text never holds a part
/// of the key. `withheld`: variables that a program which prints the key does not get; the other keys are not
/// its business.
[[nodiscard]] Result<http::Secret> read_key(const Environment& environment, const KeySource& source,
                                            const Place& place,
                                            const std::set<std::string, std::less<>>& withheld);

/// What its beginning says of a key: "admin", "compliance", "workspace", "token" or "unknown".
[[nodiscard]] std::string kind_of_key(const http::Secret& key, bool is_bearer);
/// "sk-ant-admin01-...x7Qa": the kind's beginning and four characters of the end.
[[nodiscard]] std::string hint_of_key(const http::Secret& key);
/// Refuses a key of a kind that the provider does not take, and says where the right one is made.
[[nodiscard]] Status check_key_kind(const Source& source, const http::Secret& key);

}  // namespace muster::cli
