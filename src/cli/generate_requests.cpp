#include "generate_requests.h"

#include <algorithm>
#include <utility>

#include "console.h"
#include "input.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/text_format.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/json_schema.h"
#include "ktlm/generate/logit_bias.h"
#include "ktlm/generate/pattern_constraint.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::cli {

namespace {

constexpr size_t kRememberedConstraints = 64;

// The keys of a line beside those of the sampling.
constexpr const char* kOwnKeys[] = {"prompt", "messages", "id",    "custom_id",  "n",
                                    "stop",   "logprobs", "regex", "json_schema"};

// A schema's text begins with a brace; all else is a file's name.
Json read_schema(const std::string& argument) {
  const size_t first = argument.find_first_not_of(" \t\r\n");
  try {
    if (first != std::string::npos && argument[first] == '{') return parse_json(argument, "--json-schema");
    return read_json_file(argument);
  } catch (const Error& error) {  // the command's, not the work's
    throw ConfigError(error.what());
  }
}

std::shared_ptr<const generate::TokenConstraint> pattern_constraint(const std::string& regex,
                                                                    const std::string& where) {
  return std::make_shared<generate::PatternConstraint>(std::make_shared<generate::TextPattern>(regex, where));
}

int64_t whole_number(const Json& value, const std::string& key, int64_t least, int64_t most, const std::string& where) {
  if (!value.is_number_integer() || value < least || value > most)
    throw Error(where + ": \"" + key + "\" should be an integer, from " + std::to_string(least) + " to " +
                std::to_string(most) + ", is " + to_json_line(value));
  return value.get<int64_t>();
}

std::string text_of(const Json& value, const std::string& key, const std::string& where) {
  if (!value.is_string()) throw Error(where + ": \"" + key + "\" should be a string, is " + to_json_line(value));
  return value.get<std::string>();
}

std::vector<std::string> texts_of(const Json& value, const std::string& key, const std::string& where) {
  std::vector<std::string> texts;
  for (const Json& item : value.is_array() ? value : Json::array({value})) texts.push_back(text_of(item, key, where));
  return texts;
}

// An object is a list of KEY=VALUE.
ConfigValue config_value(const Json& value, const std::string& where) {
  ConfigValue result{.scalars = {}, .is_list = value.is_structured(), .where = where};
  const auto as_text = [](const Json& item) { return item.is_string() ? item.get<std::string>() : to_json_line(item); };
  if (!value.is_structured()) result.scalars.push_back(as_text(value));
  if (value.is_structured())
    for (const auto& [key, item] : value.items())
      result.scalars.push_back((value.is_object() ? key + "=" : std::string()) + as_text(item));
  return result;
}

std::vector<ConfigField> fields_of(generate::GenerationOptions& options) {
  std::vector<ConfigField> fields = list_fields(options.sampling);
  for (ConfigField& field : list_fields(options.beam)) fields.push_back(std::move(field));
  return fields;
}

void check_keys(const Json& object, const std::string& where) {
  generate::GenerationOptions options;
  std::vector<std::string> known(std::begin(kOwnKeys), std::end(kOwnKeys));
  for (const ConfigField& field : fields_of(options)) known.push_back(field.name);
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = nearest_name(key, known);
    throw Error(where + ": unknown key \"" + key + "\"" +
                (nearest.empty() ? "; \"id\" and \"custom_id\" alone are carried through"
                                 : "; did you mean \"" + nearest + "\"?"));
  }
}

// A token's bytes may be a part of a character, which is written as U+FFFD.
Json token_json(const generate::TokenLogprob& token, const tokenizer::Tokenizer& tokenizer) {
  const std::string& bytes = tokenizer.token_bytes(token.id);
  return {{"token", tokenizer.is_control(token.id) ? tokenizer.piece(token.id) : bytes},
          {"id", token.id},
          {"logprob", token.logprob}};
}

}  // namespace

std::shared_ptr<const generate::TokenConstraint> make_constraint(const GenerateArguments& arguments) {
  if (!arguments.regex.empty()) return pattern_constraint(arguments.regex, "--regex");
  if (arguments.json_schema.empty()) return nullptr;
  return pattern_constraint(generate::json_schema_regex(read_schema(arguments.json_schema), "--json-schema"),
                            "--json-schema");
}

RequestMaker::RequestMaker(const GenerateArguments& arguments, const Talker& talker,
                           std::shared_ptr<const generate::TokenConstraint> constraint)
    : talker_(talker) {
  base_.options.sampling = arguments.sampling;
  base_.options.beam = arguments.beam;
  base_.options.stop_strings = arguments.stop_strings;
  base_.num_samples = arguments.num_samples;
  if (arguments.top_logprobs >= 0) base_.options.top_logprobs = arguments.top_logprobs;
  base_.options.constraint = std::move(constraint);
}

PromptRequest RequestMaker::from_prompt(const std::string& prompt, const std::string& where) {
  PromptRequest request = base_;
  request.where = where;
  request.prompt = prompt;
  request.carried["prompt"] = prompt;
  request.prompt_ids = generate::encode_prompt(talker_.tokenizer, prompt);
  check(request, where);
  return request;
}

PromptRequest RequestMaker::from_json(const std::string& line, const std::string& where) {
  const Json object = parse_json(line, where);
  if (!object.is_object())
    throw Error(where + R"(: should be an object such as {"prompt": "..."}, is )" + to_json_line(object));
  check_keys(object, where);
  if (object.contains("prompt") == object.contains("messages"))
    throw Error(where + ": needs either \"prompt\" or \"messages\"");
  if (object.contains("regex") && object.contains("json_schema"))
    throw Error(where + ": \"regex\" and \"json_schema\" can't both be held");
  PromptRequest request = base_;
  request.where = where;
  for (const char* key : {"id", "custom_id"})
    if (object.contains(key)) request.carried[key] = object[key];
  try {
    for (const auto& [key, value] : object.items()) take(request, key, value, where);
  } catch (const ConfigError& error) {  // the line's, not the command's
    throw Error(error.what());
  }
  try {
    generate::parse_logit_bias(request.options.sampling.logit_bias, talker_.tokenizer);
  } catch (const ConfigError& error) {
    throw Error(where + ": " + error.what());
  }
  check(request, where);
  return request;
}

void RequestMaker::take(PromptRequest& request, const std::string& key, const Json& value, const std::string& where) {
  generate::GenerationOptions& options = request.options;
  if (key == "prompt" || key == "messages") request.carried[key] = value;
  if (key == "id" || key == "custom_id") return;
  if (key == "prompt") {
    request.prompt = text_of(value, key, where);
    request.prompt_ids = generate::encode_prompt(talker_.tokenizer, request.prompt);
  } else if (key == "messages") {
    const auto messages = generate::parse_messages({{key, value}}, where);
    if (messages.empty() || messages.back().role != "user")
      throw Error(where + ": \"messages\" should end with a user's, which is to be answered");
    request.prompt_ids = tokenizer::encode_chat(talker_.tokenizer, messages, true);
  } else if (key == "n") {
    request.num_samples = whole_number(value, key, 1, kMostSamples, where);
  } else if (key == "stop") {
    options.stop_strings = texts_of(value, key, where);
  } else if (key == "logprobs") {
    options.top_logprobs = whole_number(value, key, 0, kMostLogprobs, where);
  } else if (key == "regex") {
    options.constraint = constraint_for(text_of(value, key, where), where + ": \"regex\"");
  } else if (key == "json_schema") {
    const std::string place = where + ": \"json_schema\"";
    options.constraint = constraint_for(generate::json_schema_regex(value, place), place);
  } else {
    request.has_seed |= key == "seed";
    for (const ConfigField& field : fields_of(options))
      if (field.name == key) return field.parse(config_value(value, where), key);
  }
}

void RequestMaker::check(const PromptRequest& request, const std::string& where) const {
  if (request.prompt_ids.empty())
    throw Error(where + ": the prompt is empty, and the tokenizer has no token to begin a text with");
  const auto num_tokens = static_cast<int64_t>(request.prompt_ids.size());
  const int64_t max_seq_len = talker_.model->config().max_seq_len;
  if (num_tokens > max_seq_len)
    throw Error(where + ": the prompt has " + std::to_string(num_tokens) + " tokens, but the model's context holds " +
                std::to_string(max_seq_len) + "; shorten it by at least " + std::to_string(num_tokens - max_seq_len) +
                " tokens");
  const int64_t beams = request.options.beam.beams;
  if (beams > 1 && request.num_samples > beams)
    throw Error(where + ": " + std::to_string(request.num_samples) + " texts of " + std::to_string(beams) +
                " beams; a beam search finds as many as it has beams at most");
}

std::shared_ptr<const generate::TokenConstraint> RequestMaker::constraint_for(const std::string& regex,
                                                                              const std::string& where) {
  if (const auto found = constraints_.find(regex); found != constraints_.end()) return found->second;
  if (constraints_.size() >= kRememberedConstraints) constraints_.clear();
  return constraints_[regex] = pattern_constraint(regex, where);
}

void RequestBatch::add(PromptRequest request, uint64_t first_seed) {
  const PromptRequest& kept = requests_.emplace_back(std::move(request));
  const bool one_search = kept.options.beam.beams > 1;
  num_texts_ += kept.num_samples;
  for (int64_t i = 0; i < (one_search ? 1 : kept.num_samples); ++i) {
    generate::GenerationRequest& asked =
        asked_.emplace_back(generate::GenerationRequest{kept.prompt, kept.options, kept.prompt_ids});
    asked.options.sampling.seed = static_cast<int64_t>(first_seed) + i;
    if (one_search) asked.options.num_best = kept.num_samples;
    asked_by_.push_back(&kept);
  }
}

std::vector<Answer> RequestBatch::answer(const Talker& talker, int64_t batch_size,
                                         const generate::TextCallback& on_text,
                                         generate::GenerationStats& stats) const {
  std::vector<generate::Generation> generations =
      generate::generate(*talker.model, talker.tokenizer, asked_, on_text, &stats, batch_size);
  std::vector<Answer> answers;
  for (size_t i = 0; i < generations.size(); ++i) {
    std::vector<generate::Generation> others = std::exchange(generations[i].others, {});
    const auto add = [&](generate::Generation&& generation) {
      const bool is_next = !answers.empty() && &answers.back().request == asked_by_[i];
      const int64_t sample = is_next ? answers.back().sample + 1 : 0;
      answers.push_back({*asked_by_[i], sample, asked_[i].options.sampling.seed, std::move(generation)});
    };
    add(std::move(generations[i]));
    for (generate::Generation& other : others) add(std::move(other));
  }
  return answers;
}

Json answer_json(const Answer& answer, const tokenizer::Tokenizer& tokenizer) {
  const generate::Generation& generation = answer.generation;
  Json result = answer.request.carried;
  result["sample"] = answer.sample;
  if (answer.request.options.beam.beams > 1)
    result["score"] = generation.score;
  else
    result["seed"] = answer.seed;
  result["text"] = generation.text;
  result["prompt_tokens"] = answer.request.prompt_ids.size();
  result["new_tokens"] = generation.ids.size();
  result["finish_reason"] = generate::to_string(generation.finish);
  if (answer.request.options.constraint) result["complete"] = generation.is_whole;
  if (!answer.request.options.top_logprobs) return result;
  Json places = Json::array();
  for (size_t i = 0; i < generation.ids.size(); ++i) {
    const generate::Logprobs& logprobs = generation.logprobs[i];
    Json place = token_json({generation.ids[i], logprobs.logprob}, tokenizer);
    place["top"] = Json::array();
    for (const generate::TokenLogprob& token : logprobs.top) place["top"].push_back(token_json(token, tokenizer));
    places.push_back(std::move(place));
  }
  result["logprobs"] = std::move(places);
  return result;
}

bool tell_of_cut_forms(std::span<const Answer> answers, const Talker& talker, Console& console) {
  using generate::FinishReason;
  bool any = false;
  for (const Answer& answer : answers) {
    const FinishReason finish = answer.generation.finish;
    if (answer.generation.is_whole || finish == FinishReason::kStopString || finish == FinishReason::kInterrupted)
      continue;
    const std::string bounds = "bound the form, such as by maxLength, maxItems or {1,20}";
    std::string reason;
    if (finish == FinishReason::kLength)
      reason = "--max-new-tokens " + std::to_string(answer.request.options.sampling.max_new_tokens) +
               "); allow more, or " + bounds;
    else if (finish == FinishReason::kContextFull)
      reason = "the context of " + std::to_string(talker.model->config().max_seq_len) + " tokens is full); " + bounds;
    else
      reason = "no token may follow); change the form or the logit bias";
    const std::string text =
        answer.request.num_samples > 1 ? "text " + std::to_string(answer.sample + 1) : std::string("the text");
    console.error(answer.request.where + ": " + text + " ended before its form was whole (" + reason);
    any = true;
  }
  return any;
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

}  // namespace ktlm::cli
