#include "command_line.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench_verb.h"
#include "chat_verb.h"
#include "console.h"
#include "doctor_verb.h"
#include "eval_verb.h"
#include "export_verb.h"
#include "generate_verb.h"
#include "import_verb.h"
#include "ktlm/core/error.h"
#include "ktlm/core/log.h"
#include "prepare_verb.h"
#include "terminal_output.h"
#include "tokenize_verb.h"
#include "torch_loader.h"
#include "train_tokenizer_verb.h"
#include "train_verb.h"
#include "usage_error.h"

namespace ktlm::cli {

namespace {

constexpr int kUsageError = 2;

constexpr const char* kDescription =
    "Raw Korean text in, a small language model that talks out.\n\n"
    "  ktlm prepare kowiki-latest-pages-articles.xml.bz2\n"
    "  ktlm train-tokenizer\n"
    "  ktlm train --config configs/small.yaml\n"
    "  ktlm generate --prompt \"대한민국의 수도는\"\n"
    "  ktlm chat\n";

// What a verb that needs libtorch does without it.
template <class Arguments>
struct LightPart {
  bool (*is_meant)(const Arguments&) = nullptr;
  int (*run)(const Arguments&, Console&) = nullptr;
};

template <class Arguments>
bool is_for_own_model(const Arguments& arguments) {
  return cli::is_for_own_model(arguments.device, arguments.decode_device, arguments.dtype);
}

class VerbTable {
 public:
  using Run = std::function<int(Console&)>;

  VerbTable(CLI::App& app, bool& quiet) : app_(app), quiet_(quiet) {}

  /// A null `run` leaves the verb, but for its light part, to the library that links libtorch.
  template <class Arguments>
  void add(const std::string& name, const std::string& description, int (*run)(const Arguments&, Console&),
           LightPart<Arguments> light = {}) {
    CLI::App* verb = app_.add_subcommand(name, description);
    const auto arguments = std::make_shared<Arguments>();
    arguments_.push_back(arguments);
    declare(*verb, *arguments);
    verb->add_flag("-q,--quiet", quiet_, "Say nothing but results and errors");
    names_.push_back(name);
    choices_.push_back([arguments, run, light]() -> Run {
      const auto chosen = light.run != nullptr && light.is_meant(*arguments) ? light.run : run;
      if (chosen == nullptr) return {};
      return [arguments, chosen](Console& console) { return chosen(*arguments, console); };
    });
  }

  /// The function of the verb that was parsed. Throws ConfigError for arguments that none of its parts takes.
  Run chosen() const {
    for (size_t i = 0; i < names_.size(); ++i)
      if (app_.got_subcommand(names_[i])) return choices_[i]();
    return {};
  }

 private:
  CLI::App& app_;
  bool& quiet_;
  std::vector<std::shared_ptr<void>> arguments_;  // the parser writes into them, whoever runs the verb
  std::vector<std::string> names_;
  std::vector<std::function<Run()>> choices_;  // asked once the arguments are parsed
};

int report(const std::string& verb, const std::string& message, int exit_code) {
  std::cerr << "ktlm" << (verb.empty() ? "" : " ") << verb << ": " << without_controls(message) << "\n";
  return exit_code;
}

// Help and version are results as well.
int show(const std::string& text, int exit_code) {
  try {
    write_to_stdout(text);
  } catch (const OutputError& error) {
    return report("", error.what(), 1);
  }
  return exit_code;
}

// "ktlm help VERB" as "ktlm VERB --help". Without the option where there is no such verb, so that an error names it.
std::vector<const char*> with_help_as_option(const CLI::App& app, std::span<const char* const> words) {
  std::vector<const char*> all(words.begin(), words.end());
  if (std::string_view(words[1]) != "help") return all;
  all.erase(all.begin() + 1);
  const auto names_verb = [&](const CLI::App* verb) { return verb->get_name() == all[1]; };
  if (all.size() == 1 || !app.get_subcommands(names_verb).empty()) all.push_back("--help");
  return all;
}

}  // namespace

int run_command_line(int argc, const char* const* argv, const TorchVerbs* torch_verbs) {
  std::signal(SIGXFSZ, SIG_IGN);  // where files may not be larger, a write fails, and is told like a full disk
  CLI::App app(kDescription, "ktlm");
  app.require_subcommand(1);
  app.set_version_flag("--version", "ktlm " KTLM_VERSION);
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("REQUIRED", "(required)");
  app.get_formatter()->label("Needs", "with");
  app.get_formatter()->label("Excludes", "without");

  bool quiet = false;
  VerbTable verbs(app, quiet);
  verbs.add<PrepareArguments>("prepare", "Turn raw text (dump, HTML, JSONL, text) into clean documents", run_prepare);
  verbs.add<TrainTokenizerArguments>("train-tokenizer", "Train a SentencePiece tokenizer on the prepared documents",
                                     run_train_tokenizer);
  verbs.add<TrainArguments>(
      "train", "Train a language model, or show how runs went", torch_verbs ? torch_verbs->train : nullptr,
      {[](const TrainArguments& arguments) { return !arguments.report_runs.empty(); }, run_train_report});
  verbs.add<GenerateArguments>("generate", "Continue a prompt", torch_verbs ? torch_verbs->generate : nullptr,
                               {is_for_own_model<GenerateArguments>, run_generate_on_cpu});
  verbs.add<ChatArguments>("chat", "Talk with a model in the terminal", torch_verbs ? torch_verbs->chat : nullptr,
                           {is_for_own_model<ChatArguments>, run_chat_on_cpu});
  verbs.add<EvalArguments>("eval", "Measure how well a model predicts texts, or answers questions",
                           torch_verbs ? torch_verbs->eval : nullptr, {is_for_own_engine, run_eval_on_cpu});
  verbs.add<ExportArguments>("export", "Write a model in the files of other programs", run_export);
  verbs.add<ImportArguments>("import", "Turn a model in another program's file into a model directory", run_import);
  verbs.add<TokenizeArguments>("tokenize", "Turn text into token ids, and back", run_tokenize);
  verbs.add<BenchArguments>("bench", "Measure training and decoding speed against the machine's limits",
                            torch_verbs ? torch_verbs->bench : nullptr);
  verbs.add<DoctorArguments>("doctor", "Check that this machine computes rightly, and what can be trained on it",
                             torch_verbs ? torch_verbs->doctor : nullptr);

  if (argc < 2) return show(app.help(), kUsageError);
  const std::vector<const char*> words = with_help_as_option(app, {argv, static_cast<size_t>(argc)});
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return show(chosen.empty() ? app.help() : chosen.front()->help("ktlm"), 0);
  } catch (const CLI::CallForVersion& version) {
    return show(version.what() + std::string("\n"), 0);
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const std::string verb = chosen.empty() ? "" : chosen.front()->get_name();
    return report(verb, usage_message(app, error, std::span(words).subspan(1)), kUsageError);
  }

  const std::string name = app.get_subcommands().front()->get_name();
  int stopped_code = 0;  // a signal's code wins: work that can't stop half-way ends in an error
  try {
    const auto run = verbs.chosen();
    if (!run) return run_in_torch_library(argc, argv);
    set_up_logging(name, quiet ? LogLevel::kQuiet : LogLevel::kNormal);
    Console console(quiet);
    try {
      return run(console);
    } catch (...) {
      console.finish_progress();
      stopped_code = console.exit_code();
      throw;
    }
  } catch (const ConfigError& error) {
    return report(name, error.what(), kUsageError);
  } catch (const std::bad_alloc&) {
    return report(name, "out of memory; choose a smaller model, batch or input", 1);
  } catch (const std::filesystem::filesystem_error& error) {  // what() is for programmers
    return report(name, error.path1().string() + ": " + system_error_text(error.code().value()),
                  stopped_code != 0 ? stopped_code : 1);
  } catch (const std::exception& error) {
    return report(name, error.what(), stopped_code != 0 ? stopped_code : 1);
  }
}

}  // namespace ktlm::cli
