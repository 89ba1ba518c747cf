// The two kinds of failure that reach a user. Every message says where, what, expected against got, and the next step,
// on one line; main() catches once, prints "ktlm <verb>: <message>" and turns the kind into the exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace ktlm {

/// A failure while working: a missing file, a corrupt checkpoint, a full disk. Exit code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A wrong command line or configuration: nothing has been done yet. Exit code 2.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// "No such file or directory (errno 2)": the system's words for the current errno or a given one.
std::string system_error_text(int error_number);

}  // namespace ktlm
