#include "generate_verb.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <utility>

#include "console.h"
#include "generate_requests.h"
#include "generate_stream.h"
#include "input.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/generate/sampling.h"

namespace ktlm::cli {

namespace {

// A file's last line end belongs to the file, not to the prompt.
std::string without_last_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

struct NamedPrompt {
  std::string text, name;  // the name opens an error's message
};

std::vector<NamedPrompt> read_prompts(const GenerateArguments& arguments, const StopFlag& stop) {
  std::vector<NamedPrompt> prompts;
  for (const std::string& text : arguments.prompts) {
    prompts.push_back(
        {text, arguments.prompts.size() == 1 ? "--prompt" : "--prompt " + std::to_string(prompts.size() + 1)});
    require_utf8(text, prompts.back().name);
  }
  std::vector<std::string> paths = arguments.prompt_files;
  if (prompts.empty() && paths.empty()) {
    if (::isatty(STDIN_FILENO) != 0)
      throw ConfigError("no prompt: pass --prompt TEXT or --prompt-file FILE, or pipe a text in");
    paths.emplace_back("-");
  }
  for (const std::string& path : paths) {
    Input input(path, stop);
    prompts.push_back({without_last_line_end(read_all(input)), input.name()});
    require_utf8(prompts.back().text, input.name());
  }
  return prompts;
}

// A usage error before the model is opened.
void check_arguments(const GenerateArguments& arguments) {
  const bool streams = arguments.lines || arguments.jsonl;
  if (streams && !arguments.prompts.empty())
    throw ConfigError(std::string(arguments.lines ? "--lines" : "--jsonl") +
                      " reads prompts from --prompt-file or standard input; leave --prompt away");
  if (arguments.top_logprobs >= 0 && !arguments.json && !arguments.jsonl)
    throw ConfigError("--logprobs are written as JSON; add --json");
  if (arguments.beam.beams > 1 && arguments.num_samples > arguments.beam.beams)
    throw ConfigError("--num-samples " + std::to_string(arguments.num_samples) + " of --beams " +
                      std::to_string(arguments.beam.beams) +
                      "; a beam search finds as many texts as it has beams at most");
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Json to_json(const std::vector<Answer>& answers, const generate::GenerationStats& stats,
             const std::optional<double>& first_text_seconds, const Talker& talker, uint64_t first_seed) {
  Json results = Json::array();
  for (const Answer& answer : answers) results.push_back(answer_json(answer, talker.tokenizer));
  return {{"model", talker.directory.string()},
          {"device", talker.prompt_device},
          {"decode_device", talker.token_device},
          {"dtype", talker.dtype},
          {"seed", first_seed},
          {"results", results},
          {"time_to_first_text_seconds", first_text_seconds ? Json(*first_text_seconds) : Json()},
          {"prefill_tokens", stats.prefill_tokens},
          {"prefill_seconds", stats.prefill_seconds},
          {"prefill_tokens_per_second", tokens_per_second(stats.prefill_tokens, stats.prefill_seconds)},
          {"decode_tokens", stats.decode_tokens},
          {"decode_seconds", stats.decode_seconds},
          {"decode_tokens_per_second", tokens_per_second(stats.decode_tokens, stats.decode_seconds)}};
}

}  // namespace

int run_generate(const GenerateArguments& arguments, Console& console, const OpenTalker& open) {
  check_arguments(arguments);
  auto constraint = make_constraint(arguments);
  const bool streams = arguments.lines || arguments.jsonl;
  std::vector<NamedPrompt> prompts;
  try {
    if (!streams) prompts = read_prompts(arguments, console.stop_flag());
  } catch (const Stopped&) {
    return console.exit_code();
  }
  const Talker talker = open(console);
  const uint64_t first_seed = generate::resolve_seed(arguments.sampling);
  console.note(talker.directory.string() + " " + talker.places + " in " + talker.dtype + ", seed " +
               std::to_string(first_seed));
  RequestMaker maker(arguments, talker, std::move(constraint));
  if (streams) return run_generate_stream(arguments, console, talker, std::move(maker), first_seed);

  RequestBatch batch;
  for (const NamedPrompt& prompt : prompts)
    batch.add(maker.from_prompt(prompt.text, prompt.name), first_seed + static_cast<uint64_t>(batch.num_texts()));

  // One text is shown as it comes, several when all are there. A shown text begins with its prompt, which waits for the
  // first piece, so that a prompt that is refused leaves nothing on stdout.
  const bool streaming = batch.num_texts() == 1 && !arguments.json;
  std::string unshown = prompts.front().text;
  std::optional<double> first_text_seconds;
  const double start = now_seconds();
  const auto on_text = [&](size_t, std::string_view piece) {
    if (!piece.empty() && !first_text_seconds) first_text_seconds = now_seconds() - start;
    if (!piece.empty() && streaming) write_to_stdout(std::exchange(unshown, {}) + std::string(piece));
    return !console.stop_flag().requested();
  };
  generate::GenerationStats stats;
  const std::vector<Answer> answers = batch.answer(talker, arguments.batch_size, on_text, stats);
  if (streaming) write_to_stdout(unshown + "\n");

  if (arguments.json) {
    console.print(to_json_line(to_json(answers, stats, first_text_seconds, talker, first_seed)));
  } else if (!streaming) {
    std::string separator;
    for (const Answer& answer : answers)
      console.print(std::exchange(separator, "\n") + answer.request.prompt + answer.generation.text);
  }
  const std::string ended = streaming ? "; ended: " + std::string(to_string(answers.front().generation.finish)) : "";
  const bool any_cut = tell_of_cut_forms(answers, talker, console);
  console.note(stats_line(stats) + ended);
  return any_cut && console.exit_code() == 0 ? 1 : console.exit_code();
}

int run_generate_on_cpu(const GenerateArguments& arguments, Console& console) {
  return run_generate(arguments, console, [&](Console&) {
    return open_own_model(arguments.model_dir, arguments.dtype, arguments.threads);
  });
}

}  // namespace ktlm::cli
