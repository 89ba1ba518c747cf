#include "usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "ktlm/core/text_format.h"

namespace ktlm::cli {

namespace {

// An error, and what of the command line it is about.
class FailedParse {
 public:
  FailedParse(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words)
      : app_(app), error_(error), words_(words.begin(), words.end()) {
    for (std::vector<CLI::App*> chosen = app.get_subcommands(); !chosen.empty(); chosen = verb_->get_subcommands()) {
      verb_ = chosen.front();
      command_ += " " + verb_->get_name();
      for (const CLI::Option* option : std::as_const(*verb_).get_options()) options_.push_back(option);
    }
  }

  std::string message() const {
    if (verb_ == &app_) return about_no_verb();
    if (is<CLI::ExtrasError>() || is<CLI::RequiredError>()) {
      // The whole program's are words in front of the verb, and behind "--".
      if (const std::vector<std::string> words = app_.remaining(); !words.empty())
        return stands_in_front(words.front()) ? in_front_of_verb(words.front()) : about_unexpected(words.front());
      if (const std::string word = unknown_word(); !word.empty()) return about_unknown(word);
    }
    for (const CLI::Option* option : options_)
      if (const std::string message = about(*option); !message.empty()) return message;
    return error_.what() + see_help();
  }

 private:
  template <class Kind>
  bool is() const {
    return dynamic_cast<const Kind*>(&error_) != nullptr;
  }

  std::string see_help() const { return "; see " + command_ + " --help"; }

  std::string about_no_verb() const {
    const std::string word = words_.empty() ? "" : words_.front();
    if (word.empty() || word == "--") return "no verb" + see_help();
    if (word.front() == '-') return in_front_of_verb(word);
    std::vector<std::string> verbs;
    for (const CLI::App* verb : app_.get_subcommands(nullptr)) verbs.push_back(verb->get_name());
    return "unknown verb \"" + word + "\"" + nearest_or_help(word, verbs);
  }

  std::string in_front_of_verb(const std::string& option) const {
    return "unknown option \"" + option + "\" in front of the verb; an option stands behind it, see ktlm --help";
  }

  bool stands_in_front(const std::string& word) const {
    const auto verb = std::find(words_.begin(), words_.end(), app_.get_subcommands().front()->get_name());
    return std::find(words_.begin(), verb, word) != verb;
  }

  std::string nearest_or_help(const std::string& word, const std::vector<std::string>& names) const {
    const std::string nearest = nearest_name(word, names);
    return nearest.empty() ? see_help() : "; did you mean \"" + nearest + "\"?";
  }

  // The first word that is no option, value or argument of the verb.
  std::string unknown_word() const {
    const std::vector<std::string> left = app_.remaining(/*recurse=*/true);
    for (const std::string& word : words_)
      if (std::find(left.begin(), left.end(), word) != left.end()) return word;
    return left.empty() ? "" : left.front();
  }

  std::string about_unknown(const std::string& word) const {
    if (word.size() > 1 && word.front() == '-') {
      std::vector<std::string> names;
      for (const CLI::Option* option : options_)
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      const std::string option = word.substr(0, word.find('='));
      return "unknown option \"" + option + "\"" + nearest_or_help(option, names);
    }
    return about_unexpected(word);
  }

  std::string about_unexpected(const std::string& word) const {
    std::string taken;
    for (const CLI::Option* option : options_)
      if (option->get_positional()) taken = option->get_name(/*positional=*/true);
    return "unexpected \"" + word + "\"; " + command_ + " takes " + (taken.empty() ? "options alone" : "one " + taken) +
           ", see " + command_ + " --help";
  }

  // Empty where the error is about another option.
  std::string about(const CLI::Option& option) const {
    const std::string name = option.get_name(), what = error_.what();
    if (is<CLI::RequiredError>() && option.get_required() && option.count() == 0)
      return name + " is required" + see_help();
    if (is<CLI::ArgumentMismatch>() && what.starts_with(name + ":")) return about_number_of_values(option);
    if (is<CLI::ConversionError>() && option.get_items_expected_max() == 0)
      for (const std::string& word : words_)
        if (word.starts_with(name + "="))
          return name + ": takes no value; leave \"" + word.substr(name.size()) + "\" out";
    if (is<CLI::ValidationError>() && what.starts_with(name + ":")) return what;  // our own validators' words
    if (option.count() == 0) return "";
    if (is<CLI::ExcludesError>())
      for (const CLI::Option* other : option.get_excludes())
        if (other->count() > 0) return name + " can't stand with " + other->get_name() + "; leave one of them out";
    if (is<CLI::RequiresError>())
      for (const CLI::Option* other : option.get_needs())
        if (other->count() == 0) return name + " needs " + other->get_name() + "; add it, or leave " + name + " out";
    return "";
  }

  std::string about_number_of_values(const CLI::Option& option) const {
    const std::string name = option.get_name() + ": ";
    if (option.count() < 2) return name + "expected a value (" + option.get_type_name() + "), got none" + see_help();
    std::string got;
    for (const std::string& value : option.results()) got += (got.empty() ? "\"" : ", \"") + value + "\"";
    return name + "expected one value, got " + got + "; leave the others out";
  }

  const CLI::App& app_;
  const CLI::App* verb_ = &app_;
  const CLI::ParseError& error_;
  std::vector<std::string> words_;
  std::string command_ = "ktlm";  // with the verb, as a person types it
  std::vector<const CLI::Option*> options_;
};

}  // namespace

std::string usage_message(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words) {
  return FailedParse(app, error, words).message();
}

}  // namespace ktlm::cli
