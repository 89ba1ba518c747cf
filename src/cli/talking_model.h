// The model that generate and chat talk with where libtorch computes, opened on the device or the two devices where it
// does that fastest. Brings libtorch with it.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "talker.h"

namespace ktlm::cli {

struct TorchOptions {
  std::string model_dir, device, decode_device, dtype;
  int64_t threads = 0;
};

/// `decode_device` "auto": with a --device that is not the CPU, whichever of the two a measurement found faster, made
/// the first time and remembered. `dtype` "auto" is fp32. Throws Error.
Talker open_torch_model(const TorchOptions& options, Console& console);

}  // namespace ktlm::cli
