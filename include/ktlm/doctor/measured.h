// A figure, or why there is none: a folder that cannot be written to, or memory that runs out, takes away one figure
// and not what else is known of the machine.
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "ktlm/model/torch_error.h"

namespace ktlm::doctor {

template <class Figure>
struct Measured {
  std::optional<Figure> figure;
  std::string reason;  // one line, where there is no figure
};

/// What `measure` gives. ktlm's errors and libtorch's become the reason.
template <class Measure>
Measured<std::invoke_result_t<Measure>> try_to_measure(Measure&& measure) {
  try {
    return {model::translate_torch_errors(measure), ""};
  } catch (const model::OutOfMemoryError& error) {
    return {std::nullopt, "out of memory (" + error.reason() + ")"};
  } catch (const Error& error) {
    return {std::nullopt, error.what()};
  }
}

}  // namespace ktlm::doctor
