// The program `ktlm`. It links no libtorch, so that help and the verbs that work on text start in milliseconds.
#include "command_line.h"

int main(int argc, char** argv) { return ktlm::cli::run_command_line(argc, argv, nullptr); }
