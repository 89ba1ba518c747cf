// ktlm generate --lines and --jsonl: every line of the input is a prompt, and the results come in its order while more
// is read, so that it can stand in a pipe that never ends.
#pragma once

#include "generate_requests.h"

namespace ktlm::cli {

/// Texts are made --batch-size at a time, or as many as have come where the input waits. Throws Error for a line that
/// is none, once the results of those before it are out.
int run_generate_stream(const GenerateArguments& arguments, Console& console, const Talker& talker, RequestMaker maker,
                        uint64_t first_seed);

}  // namespace ktlm::cli
