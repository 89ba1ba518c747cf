// Runs a target on each file of the given folders, in builds without libFuzzer.
#include <filesystem>
#include <string>

#include "fuzz_target.h"
#include "ktlm/core/files.h"

int main(int argc, char** argv) {
  int num_files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      const std::string content = ktlm::read_file(entry.path());
      std::fprintf(stderr, "%s\n", entry.path().c_str());  // the last one named is the one that failed
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(content.data()), content.size());
      ++num_files;
    }
  }
  ktlm::fuzz::require(num_files > 0, "there is a file to replay");
  return 0;
}
