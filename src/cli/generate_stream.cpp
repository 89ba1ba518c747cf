#include "generate_stream.h"

#include <utility>

#include "console.h"
#include "input.h"
#include "ktlm/core/error.h"

namespace ktlm::cli {

namespace {

class Stream {
 public:
  Stream(const GenerateArguments& arguments, Console& console, const Talker& talker, RequestMaker maker,
         uint64_t first_seed)
      : arguments_(arguments), console_(console), talker_(talker), maker_(std::move(maker)), next_seed_(first_seed) {}

  void take(const std::string& line, const std::string& where) {
    PromptRequest request = arguments_.jsonl ? maker_.from_json(line, where) : maker_.from_prompt(line, where);
    // A line of text is answered by a line of text.
    if (!as_json()) request.options.stop_strings.emplace_back("\n");
    const uint64_t seed = request.has_seed && request.options.sampling.seed >= 0
                              ? static_cast<uint64_t>(request.options.sampling.seed)
                              : next_seed_;
    next_seed_ += static_cast<uint64_t>(request.num_samples);
    batch_.add(std::move(request), seed);
  }

  bool is_full() const { return batch_.num_texts() >= arguments_.batch_size; }

  // Makes the texts of what has been taken, and prints them. Of texts that a signal ended nothing is printed.
  void finish() {
    const RequestBatch batch = std::exchange(batch_, {});
    const auto go_on = [&](size_t, std::string_view) { return !console_.stop_flag().requested(); };
    generate::GenerationStats stats;
    const std::vector<Answer> answers = batch.answer(talker_, arguments_.batch_size, go_on, stats);
    if (console_.stop_flag().requested()) throw Stopped{};
    stats_.prefill_tokens += stats.prefill_tokens;
    stats_.prefill_seconds += stats.prefill_seconds;
    stats_.decode_tokens += stats.decode_tokens;
    stats_.decode_seconds += stats.decode_seconds;
    for (const Answer& answer : answers)
      console_.print(as_json() ? to_json_line(answer_json(answer, talker_.tokenizer))
                               : answer.request.prompt + answer.generation.text);
    any_cut_ |= tell_of_cut_forms(answers, talker_, console_);
  }

  const generate::GenerationStats& stats() const { return stats_; }
  bool any_cut() const { return any_cut_; }  // a text ended before its form was whole

 private:
  bool as_json() const { return arguments_.jsonl || arguments_.json; }

  const GenerateArguments& arguments_;
  Console& console_;
  const Talker& talker_;
  RequestMaker maker_;
  uint64_t next_seed_;
  RequestBatch batch_;
  generate::GenerationStats stats_;
  bool any_cut_ = false;
};

void take_lines(Stream& stream, Input& input, bool skip_empty) {
  LineReader reader(input);
  std::string line;
  while (true) {
    LineReader::Got got = LineReader::Got::kEnd;
    try {
      got = reader.next(line);
      const bool is_wanted = !skip_empty || line.find_first_not_of(" \t") != std::string::npos;
      if (got == LineReader::Got::kLine && is_wanted) stream.take(line, reader.where());
    } catch (const Error&) {
      stream.finish();
      throw;
    }
    if (got != LineReader::Got::kLine || stream.is_full()) stream.finish();
    if (got == LineReader::Got::kEnd) return;
  }
}

}  // namespace

int run_generate_stream(const GenerateArguments& arguments, Console& console, const Talker& talker, RequestMaker maker,
                        uint64_t first_seed) {
  Stream stream(arguments, console, talker, std::move(maker), first_seed);
  try {
    for (const std::string& path :
         arguments.prompt_files.empty() ? std::vector<std::string>{"-"} : arguments.prompt_files) {
      Input input(path, console.stop_flag());
      take_lines(stream, input, arguments.jsonl);
    }
  } catch (const Stopped&) {
    return console.exit_code();
  }
  console.note(stats_line(stream.stats()));
  return stream.any_cut() && console.exit_code() == 0 ? 1 : console.exit_code();
}

}  // namespace ktlm::cli
