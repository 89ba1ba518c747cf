// What a call throws, as text, so that a test can pin it.
#pragma once

#include <string>

#include "ktlm/core/error.h"

namespace ktlm::test {

/// The message of the ktlm::Error that `call` throws; "(nothing thrown)" where it returns.
template <class Call>
std::string error_message(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace ktlm::test
