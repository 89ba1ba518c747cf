// The command line: declares every verb, parses, runs one, and turns exceptions into a line on stderr and an exit code.
// The program `ktlm` and the shared library `ktlm_torch` both hold it; the first, which links no libtorch, hands the
// verbs that need it to the second.
#pragma once

namespace ktlm::cli {

class Console;
struct TrainArguments;
struct GenerateArguments;
struct ChatArguments;
struct EvalArguments;
struct BenchArguments;
struct DoctorArguments;

/// The verbs that need libtorch.
struct TorchVerbs {
  int (*train)(const TrainArguments&, Console&);
  int (*generate)(const GenerateArguments&, Console&);
  int (*chat)(const ChatArguments&, Console&);
  int (*eval)(const EvalArguments&, Console&);
  int (*bench)(const BenchArguments&, Console&);
  int (*doctor)(const DoctorArguments&, Console&);
};

/// Without `torch_verbs` (null) those verbs are run by the shared library. Exit code: 0 done, 1 failed, 2 wrong command
/// line or configuration, 130 / 143 stopped by SIGINT / SIGTERM.
int run_command_line(int argc, const char* const* argv, const TorchVerbs* torch_verbs);

}  // namespace ktlm::cli
