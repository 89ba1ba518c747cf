// Loads the shared library `ktlm_torch` for a verb that needs libtorch: linked into the program it would cost every
// start some 200 ms.
#pragma once

namespace ktlm::cli {

/// Runs the whole command line in the library and returns its exit code. Throws Error where the library can't be
/// loaded.
int run_in_torch_library(int argc, const char* const* argv);

}  // namespace ktlm::cli
