// The command line: declares every verb, parses, runs one, and turns exceptions into a line on stderr and an exit code.
// The program `ktlm` and the library `ktlm_torch` both hold it; the first hands verbs that need libtorch to the second.
#pragma once

namespace ktlm::cli {

/// Exit code: 0 done, 1 failed, 2 wrong command line or configuration, 130 / 143 stopped by SIGINT / SIGTERM.
int run_command_line(int argc, const char* const* argv);

}  // namespace ktlm::cli
