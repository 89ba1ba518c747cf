#include "device_options.h"
#include "field_options.h"
#include "generate_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, GenerateArguments& arguments) {
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  app.add_option("--prompt", arguments.prompts, "Text to continue; may be given several times")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.add_option("--prompt-file", arguments.prompt_files,
                 "File with one prompt, or with --lines or --jsonl many; - is standard input, which is also read where "
                 "no prompt is given")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--stop", arguments.stop_strings, "End the text before this string; may be given several times")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  auto* lines = app.add_flag("--lines", arguments.lines,
                             "Each line is a prompt, answered in order by a line, its text up to a line end; with "
                             "--json by an object with all of it");
  app.add_flag("--jsonl", arguments.jsonl,
               "Each line is an object: \"prompt\" (or \"messages\", a dialogue to answer) and, where they differ from "
               "the options, temperature, max_new_tokens, seed, stop, n, logprobs, regex, json_schema, ...; \"id\" and "
               "\"custom_id\" come back with the results, each an object on a line")
      ->excludes(lines);
  app.add_option("--batch-size", arguments.batch_size,
                 "Texts made at a time; changes memory and speed alone. A beam search has its beams side by side")
      ->type_name("N")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  app.add_option("-n,--num-samples", arguments.num_samples,
                 "Texts of each prompt; text i draws with the seed + i, a beam search gives its best")
      ->type_name("N")
      ->check(whole_number(1, kMostSamples))
      ->capture_default_str();
  auto* regex = app.add_option("--regex", arguments.regex,
                               "The text matches this regular expression (PCRE2's syntax) from beginning to end, as "
                               "far as --max-new-tokens and --stop let it")
                    ->type_name("REGEX");
  app.add_option("--json-schema", arguments.json_schema,
                 "The text is JSON that fits this schema, a file or the schema itself. Known are type, properties, "
                 "required, additionalProperties, items, minItems, maxItems, enum, const, minLength, maxLength, "
                 "minimum and maximum (of integers), format (date, time, date-time, uuid), anyOf, oneOf and $ref")
      ->type_name("FILE|JSON")
      ->excludes(regex);
  app.add_option("--logprobs", arguments.top_logprobs,
                 "With --json or --jsonl: the model's log-probability of each token, and of the N likeliest in its "
                 "place")
      ->type_name("N")
      ->check(whole_number(0, kMostLogprobs));
  declare_fields(app, arguments.sampling);
  declare_fields(app, arguments.beam);
  declare_talking_device(app, arguments.device);
  declare_decode_device(app, arguments.decode_device);
  declare_talking_dtype(app, arguments.dtype);
  declare_threads(app, arguments.threads, "all cores, at most eight with ktlm's own engine");
  app.add_flag("--json", arguments.json,
               "Print one JSON object: prompts, texts, reasons to end, times; with --lines an object for each text");
}

}  // namespace ktlm::cli
