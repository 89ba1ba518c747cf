#include "field_options.h"
#include "ktlm/corpus/prepare.h"
#include "prepare_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, PrepareArguments& arguments) {
  app.add_option("INPUT", arguments.inputs,
                 "Files and folders; - is standard input.\n"
                 "MediaWiki dumps, wikitext, HTML, JSON, Parquet and text,\n"
                 "also .bz2, .gz, .xz, .zst, and zip and tar archives of them")
      ->type_name("");
  app.add_option("--out", arguments.out_dir, "Prepared directory to write")->type_name("DIR")->capture_default_str();
  app.add_option("--shard", arguments.shard,
                 "Do the I-th of N parts of the work, on this machine, into OUT.shard-I-of-N; see merge")
      ->type_name("I/N");
  declare_fields_as_overrides<corpus::PrepareConfig>(app, "prepare", arguments.option_overrides);
  corpus::QualityConfig defaults;
  for (const ConfigField& field : list_fields(defaults)) app.get_option(option_of(field))->group("Quality filters");
  app.add_option("--config", arguments.config_files, "Configuration file with a section prepare; several layer")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", arguments.overrides, "One setting on top of the files, such as prepare.min_chars=50")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--json", arguments.json, "Print the result as one JSON object");

  CLI::App* merge = app.add_subcommand("merge", "Make one prepared directory of all shards");
  merge->add_option("SHARD", arguments.shard_dirs, "Directories that --shard made; without any, those beside --out")
      ->type_name("");
  merge->fallthrough();
  merge->footer(
      "--out, --threads, --memory-bytes, --json and --quiet as for ktlm prepare; all else was settled there.");
  merge->callback([&arguments] { arguments.merges = true; });
}

}  // namespace ktlm::cli
