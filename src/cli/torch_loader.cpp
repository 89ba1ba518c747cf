#include "torch_loader.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <string>

#include "ktlm/core/error.h"

namespace ktlm::cli {

int run_in_torch_library(int argc, const char* const* argv) {
  // The program's rpath leads to the library, in the build tree and under the install prefix alike.
#ifdef __APPLE__
  constexpr const char* kName = "@rpath/libktlm_torch.dylib";
#else
  constexpr const char* kName = "libktlm_torch.so";
#endif
  // libgomp's threads wait by spinning, some 3 ms before they sleep: where another program holds a core, each parallel
  // region then waits for a thread that waits for the core, and training runs at a fifth. 10,000 turns, about 0.1 ms,
  // still bridge the gaps within a step. libgomp reads the variable when it is loaded, with libtorch; a user's own
  // stays.
  ::setenv("GOMP_SPINCOUNT", "10000", /*overwrite=*/0);
  void* const library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw Error(
        std::string(::dlerror()) +
        "; this verb, or its --device, --dtype or --engine, needs libtorch: build ktlm with it, or install both parts");
  using TorchMain = int (*)(int, const char* const*);
  const auto torch_main = reinterpret_cast<TorchMain>(::dlsym(library, "ktlm_torch_main"));
  if (torch_main == nullptr)
    throw Error(std::string(::dlerror()) + "; the library is of another version: build it again");
  return torch_main(argc, argv);
}

}  // namespace ktlm::cli
