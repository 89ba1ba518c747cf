#include "input_reader.h"

#include "decoding_source.h"
#include "field_path.h"
#include "json_reader.h"
#include "ktlm/core/error.h"
#include "mediawiki_reader.h"
#include "text_readers.h"

namespace ktlm::corpus {

namespace {

int64_t read_as(Format format, const std::string& name, ByteSource& source, const FieldPath& path,
                const EmitDocument& emit) {
  switch (format) {
    case Format::kMediawiki:
      return read_mediawiki(source, name, emit);
    case Format::kWikitext:
      return read_page(source, name, RawForm::kWikitext, emit);
    case Format::kHtml:
      return read_page(source, name, RawForm::kHtml, emit);
    case Format::kJsonl:
      if (path.document.empty()) return read_jsonl(source, name, emit);
      return read_json(source, name, path.document, emit);
    case Format::kJson:
      return read_json(source, name, path.document, emit);
    case Format::kText:
      break;
  }
  return read_text(source, name, emit);
}

// A damaged file is malformed here and there; one of another encoding, or of two, is so all over.
void judge_decoding(const DecodingSource& source, const std::string& name, bool is_chosen, InputReading& reading) {
  if (source.encoding() == Encoding::kUtf8) return;
  ++reading.decoded_files[encoding_name(source.encoding())];
  if (source.num_malformed() * 20 <= source.num_decoded()) return;
  const std::string message = name + ": as " + encoding_name(source.encoding()) + " it has " +
                              std::to_string(source.num_malformed()) + " malformed characters";
  if (is_chosen) throw Error(message + "; choose another --encoding");
  reading.warnings.push_back(message + " (is it of several encodings?); convert it to UTF-8, or leave it out");
}

}  // namespace

InputReading& InputReading::operator+=(const InputReading& other) {
  bytes += other.bytes;
  for (const auto& [encoding, count] : other.decoded_files) decoded_files[encoding] += count;
  warnings.insert(warnings.end(), other.warnings.begin(), other.warnings.end());
  return *this;
}

InputReading read_input_file(const InputFile& file, const PrepareConfig& config, const ReadHooks& hooks,
                             const EmitDocument& emit) {
  InputReading reading;
  const auto raw = open_byte_source(file.path, hooks);
  DecodingSource source(*raw, config.encoding);
  reading.bytes = read_as(detect_format(file.name, source, config.format), file.name, source,
                          parse_field_path(config.text_field), emit);
  judge_decoding(source, file.name, config.encoding != "auto", reading);
  return reading;
}

}  // namespace ktlm::corpus
