// What `ktlm generate` is asked to write: prompts and their settings, from the command line or from lines of JSON, as
// requests to the library.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "generate_verb.h"
#include "ktlm/core/json.h"
#include "ktlm/generate/generator.h"

namespace ktlm::cli {

/// A prompt, of which some texts are wanted.
struct PromptRequest {
  Json carried = Json::object();  // what its results repeat: "id", "custom_id", "prompt" or "messages"
  std::string where;              // opens an error's message: "--prompt", "prompts.jsonl:3"
  std::string prompt;
  std::vector<tokenizer::TokenId> prompt_ids;
  generate::GenerationOptions options;
  bool has_seed = false;  // its line names one
  int64_t num_samples = 1;
};

/// What --regex or --json-schema wants of each text, or null. Throws ConfigError where it is no expression or schema,
/// or the schema's file can't be read.
std::shared_ptr<const generate::TokenConstraint> make_constraint(const GenerateArguments& arguments);

class RequestMaker {
 public:
  /// `constraint`: what make_constraint gave of the arguments.
  RequestMaker(const GenerateArguments& arguments, const Talker& talker,
               std::shared_ptr<const generate::TokenConstraint> constraint);

  /// Throws Error "<where>: the prompt has 301 tokens, ..." where it leaves no room for a new token.
  PromptRequest from_prompt(const std::string& prompt, const std::string& where);
  /// Of a line of JSON: "prompt", or "messages" for a dialogue whose answer is wanted; what else it names stands before
  /// the arguments. Throws Error "prompts.jsonl:3: ...".
  PromptRequest from_json(const std::string& line, const std::string& where);

 private:
  std::shared_ptr<const generate::TokenConstraint> constraint_for(const std::string& regex, const std::string& where);
  void take(PromptRequest& request, const std::string& key, const Json& value, const std::string& where);
  void check(const PromptRequest& request, const std::string& where) const;

  const Talker& talker_;
  PromptRequest base_;
  std::map<std::string, std::shared_ptr<const generate::TokenConstraint>> constraints_;  // of the last expressions
};

/// A text, and what it was asked by.
struct Answer {
  const PromptRequest& request;
  int64_t sample = 0;  // 0 .. num_samples - 1
  int64_t seed = 0;
  generate::Generation generation;
};

/// Requests that are answered together.
class RequestBatch {
 public:
  RequestBatch() = default;
  RequestBatch(RequestBatch&&) = default;  // what was added stays where it is; a copy would refer to it
  RequestBatch& operator=(RequestBatch&&) = default;

  /// Sample i draws with the seed first_seed + i. A beam search finds the samples together, as its best.
  void add(PromptRequest request, uint64_t first_seed);
  int64_t num_texts() const { return num_texts_; }
  /// In the order of the requests, whose memory the answers refer to; at most `batch_size` texts are made at a time.
  /// Throws Error.
  std::vector<Answer> answer(const Talker& talker, int64_t batch_size, const generate::TextCallback& on_text,
                             generate::GenerationStats& stats) const;

 private:
  std::deque<PromptRequest> requests_;
  std::vector<generate::GenerationRequest> asked_;
  std::vector<const PromptRequest*> asked_by_;  // of each of them
  int64_t num_texts_ = 0;
};

/// What is said of a text in JSON: what its request carries, "sample", "seed" (of a beam search "score"), "text",
/// "prompt_tokens", "new_tokens", "finish_reason", of one that is held to a form "complete", and "logprobs" where they
/// were asked for.
Json answer_json(const Answer& answer, const tokenizer::Tokenizer& tokenizer);

/// Tells of each text that ended before its form was whole, unless a stop string or a signal ended it. Whether there
/// was any.
bool tell_of_cut_forms(std::span<const Answer> answers, const Talker& talker, Console& console);

double tokens_per_second(int64_t tokens, double seconds);

/// "prefill 12 tokens, 340 tokens/s; decode ...".
std::string stats_line(const generate::GenerationStats& stats);

}  // namespace ktlm::cli
