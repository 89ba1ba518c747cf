#include "generate_verb.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/sampling.h"

namespace ktlm::cli {

namespace {

// A file's last line end belongs to the file, not to the prompt.
std::string without_last_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

// All of it, or what came before a signal. By read(): a stream would go on waiting behind the signal for the rest of
// its buffer.
std::string read_standard_input(const StopFlag& stop) {
  std::string text;
  char buffer[1 << 16];
  while (!stop.requested()) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error("standard input: can't be read: " + system_error_text(errno));
    if (count == 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  return without_last_line_end(std::move(text));
}

std::vector<std::string> read_prompts(const GenerateArguments& arguments, const StopFlag& stop) {
  std::vector<std::string> prompts = arguments.prompts;
  for (const std::string& file : arguments.prompt_files)
    prompts.push_back(file == "-" ? read_standard_input(stop) : without_last_line_end(read_file(file)));
  if (prompts.empty()) {
    if (::isatty(STDIN_FILENO) != 0)
      throw ConfigError("no prompt: pass --prompt TEXT or --prompt-file FILE, or pipe a text in");
    prompts.push_back(read_standard_input(stop));
  }
  return prompts;
}

double tokens_per_second(int64_t tokens, double seconds) {
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

std::string stats_line(const generate::GenerationStats& stats) {
  return "prefill " + std::to_string(stats.prefill_tokens) + " tokens, " +
         format_count(tokens_per_second(stats.prefill_tokens, stats.prefill_seconds)) + " tokens/s; decode " +
         std::to_string(stats.decode_tokens) + " tokens, " +
         format_count(tokens_per_second(stats.decode_tokens, stats.decode_seconds)) + " tokens/s";
}

Json to_json(const std::vector<std::string>& prompts, const std::vector<generate::Generation>& generations,
             const generate::GenerationStats& stats, const Talker& talker, int64_t seed) {
  Json results = Json::array();
  for (size_t i = 0; i < generations.size(); ++i)
    results.push_back({{"prompt", prompts[i]},
                       {"text", generations[i].text},
                       {"new_tokens", generations[i].ids.size()},
                       {"finish_reason", generate::to_string(generations[i].finish)}});
  return {{"model", talker.directory.string()},
          {"device", talker.prompt_device},
          {"decode_device", talker.token_device},
          {"dtype", talker.dtype},
          {"seed", seed},
          {"results", results},
          {"prefill_tokens", stats.prefill_tokens},
          {"prefill_tokens_per_second", tokens_per_second(stats.prefill_tokens, stats.prefill_seconds)},
          {"decode_tokens", stats.decode_tokens},
          {"decode_tokens_per_second", tokens_per_second(stats.decode_tokens, stats.decode_seconds)}};
}

}  // namespace

int run_generate(const GenerateArguments& arguments, Console& console, const OpenTalker& open) {
  const std::vector<std::string> prompts = read_prompts(arguments, console.stop_flag());
  if (console.stop_flag().requested()) return console.exit_code();
  const Talker talker = open(console);

  generate::GenerationOptions options{arguments.sampling, arguments.stop_strings};
  options.beam = arguments.beam;
  options.sampling.seed = static_cast<int64_t>(generate::resolve_seed(arguments.sampling));
  console.note(talker.directory.string() + " " + talker.places + " in " + talker.dtype + ", seed " +
               std::to_string(options.sampling.seed));

  // One prompt's text is shown as it comes, several when all are there. A shown text begins with its prompt.
  // The prompt waits for the first piece, so that one that is refused leaves nothing on stdout.
  const bool streaming = prompts.size() == 1 && !arguments.json;
  std::string unshown = prompts.front();
  const auto on_text = [&](size_t, std::string_view piece) {
    if (streaming) write_to_stdout(std::exchange(unshown, {}) + std::string(piece));
    return !console.stop_flag().requested();
  };
  generate::GenerationStats stats;
  const auto generations = generate::generate(*talker.model, talker.tokenizer, prompts, options, on_text, &stats);
  if (streaming) write_to_stdout(unshown + "\n");

  if (arguments.json) {
    console.print(to_json_line(to_json(prompts, generations, stats, talker, options.sampling.seed)));
  } else if (!streaming) {
    for (size_t i = 0; i < prompts.size(); ++i) console.print((i > 0 ? "\n" : "") + prompts[i] + generations[i].text);
  }
  const std::string ended = streaming ? "; ended: " + std::string(to_string(generations.front().finish)) : "";
  console.note(stats_line(stats) + ended);
  return console.exit_code();
}

int run_generate_on_cpu(const GenerateArguments& arguments, Console& console) {
  return run_generate(arguments, console, [&](Console&) {
    return open_own_model(arguments.model_dir, arguments.dtype, arguments.threads);
  });
}

}  // namespace ktlm::cli
