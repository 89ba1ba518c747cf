#include "input_reader.h"

#include <utility>

#include "archives.h"
#include "decoding_source.h"
#include "field_path.h"
#include "json_reader.h"
#include "ktlm/core/error.h"
#include "ktlm/text/normalize.h"
#include "mediawiki_reader.h"
#include "parquet_reader.h"
#include "text_readers.h"

namespace ktlm::corpus {

namespace {

// Whether `key` stands as an object's key within `head`.
bool has_key(std::string_view head, const std::string& key) {
  const std::string quoted = "\"" + key + "\"";
  for (size_t at = head.find(quoted); at != std::string_view::npos; at = head.find(quoted, at + 1)) {
    const size_t behind = head.find_first_not_of(" \t\r\n", at + quoted.size());
    if (behind != std::string_view::npos && head[behind] == ':') return true;
  }
  return false;
}

// Of several paths those that say what is one document are for the files that begin with their first key.
std::vector<std::string> keys_to_documents(const std::vector<FieldPath>& paths, ByteSource& source) {
  constexpr size_t kBeginningBytes = size_t{1} << 20;
  if (paths.size() == 1) return paths.front().document;
  for (const FieldPath& path : paths) {
    if (!path.document.empty() && has_key(source.peek(kBeginningBytes), path.document.front())) return path.document;
  }
  return {};
}

int64_t read_as(Format format, const std::string& name, ByteSource& source, const std::vector<FieldPath>& paths,
                const EmitDocument& emit) {
  switch (format) {
    case Format::kMediawiki:
      return read_mediawiki(source, name, emit);
    case Format::kWikitext:
      return read_page(source, name, RawForm::kWikitext, emit);
    case Format::kHtml:
      return read_page(source, name, RawForm::kHtml, emit);
    case Format::kJsonl:
      if (const auto keys = keys_to_documents(paths, source); !keys.empty()) return read_json(source, name, keys, emit);
      return read_jsonl(source, name, emit);
    case Format::kJson:
      return read_json(source, name, keys_to_documents(paths, source), emit);
    case Format::kText:
      break;
  }
  return read_text(source, name, emit);
}

void judge_decoding(const DecodingSource& source, const std::string& name, InputReading& reading) {
  if (source.encoding() == Encoding::kUtf8) return;
  ++reading.decoded_files[encoding_name(source.encoding())];
  const std::string problem = find_wrong_encoding(source.encoding(), source.evidence());
  if (problem.empty()) return;
  reading.warnings.push_back(name + ": as " + encoding_name(source.encoding()) + " it has " + problem +
                             " (is it of several encodings?); convert it to UTF-8, or leave it out");
}

InputReading read_file(const std::string& name, ByteSource& raw, const PrepareConfig& config,
                       const EmitDocument& emit) {
  InputReading reading;
  DecodingSource source(raw, config.encoding, name);
  reading.bytes =
      read_as(detect_format(name, source, config.format), name, source, parse_field_paths(config.text_field), emit);
  judge_decoding(source, name, reading);
  return reading;
}

// The files in an archive, as those in a folder: known by their names, and told where there are others.
class ArchiveMembers {
 public:
  ArchiveMembers(const std::string& archive, const PrepareConfig& config, bool skips_damaged, size_t num_threads,
                 const EmitDocument& emit, InputReading& reading)
      : archive_(archive),
        config_(config),
        skips_damaged_(skips_damaged),
        num_threads_(num_threads),
        emit_(emit),
        reading_(reading) {}

  void visit(const std::string& member, const OpenMember& open) {
    if (is_hidden_member(member)) return;
    if (!is_document_name(member)) {
      ++(is_parquet_name(member) ? num_parquet_ : num_others_);
      return;
    }
    if (open == nullptr) {
      ++num_sparse_;
      return;
    }
    ++num_read_;
    const std::string name = archive_ + "/" + text::normalize(member);
    int64_t num_documents = 0, num_bytes = 0;
    try {
      const auto source = decompress(open(), name, num_threads_);
      reading_ += read_file(name, *source, config_, [&](RawDocument&& document) {
        ++num_documents;
        num_bytes += static_cast<int64_t>(document.body.size());
        if (document.source.empty()) document.source = name;
        emit_(std::move(document));
      });
    } catch (const ConfigError&) {
      throw;
    } catch (const Error& error) {
      if (!skips_damaged_) throw;
      reading_.bytes += num_bytes;
      reading_.add_damaged(error.what(), num_documents);
    }
  }

  void finish() {
    std::string problem = archive_ + ": holds no " + document_suffixes_text() + " file";
    for (const std::string& left_out : texts_of_left_out()) {
      if (num_read_ == 0)
        problem += "; " + left_out;
      else
        reading_.warnings.push_back(archive_ + ": " + left_out);
    }
    if (num_read_ == 0) throw Error(problem);
  }

 private:
  std::vector<std::string> texts_of_left_out() const {
    std::vector<std::string> texts;
    const auto add = [&](int64_t count, const std::string& what) {
      if (count > 0) texts.push_back(std::to_string(count) + what + "; unpack it and name them to read them too");
    };
    add(num_others_, " files of other kinds left out");
    add(num_parquet_, " Parquet files left out, whose tables of contents are at their ends");
    add(num_sparse_, " sparse files left out, whose holes tar keeps apart");
    return texts;
  }

  const std::string& archive_;
  const PrepareConfig& config_;
  bool skips_damaged_;
  size_t num_threads_;
  const EmitDocument& emit_;
  InputReading& reading_;
  int64_t num_read_ = 0, num_others_ = 0, num_parquet_ = 0, num_sparse_ = 0;
};

}  // namespace

void InputReading::add_damaged(const std::string& problem, int64_t num_documents) {
  ++damaged_files;
  warnings.push_back(problem + " (skipped; " +
                     (num_documents == 0   ? "nothing of it counts"
                      : num_documents == 1 ? "1 document before that counts"
                                           : std::to_string(num_documents) + " documents before that count") +
                     ")");
}

InputReading& InputReading::operator+=(const InputReading& other) {
  bytes += other.bytes;
  for (const auto& [encoding, count] : other.decoded_files) decoded_files[encoding] += count;
  damaged_files += other.damaged_files;
  warnings.insert(warnings.end(), other.warnings.begin(), other.warnings.end());
  return *this;
}

InputReading read_input_file(const InputFile& file, const PrepareConfig& config, const ReadHooks& hooks,
                             const EmitDocument& emit) {
  const auto source = open_byte_source(file.path, hooks);
  if (is_parquet(file.name, source->peek(512), config)) {
    InputReading reading;
    reading.bytes = read_parquet(file.path, file.name, config, hooks, emit);
    return reading;
  }
  const Archive archive = archive_of(source->peek(512));
  if (archive == Archive::kNone) return read_file(file.name, *source, config, emit);
  if (archive == Archive::kZip && file.path == "-") {
    throw Error(file.name + ": a zip archive, whose table of contents is at its end; save it to a file first");
  }
  InputReading reading;
  // A tar archive is one stream, in which nothing can be trusted behind the damage.
  const bool skips_damaged = config.skip_damaged && archive == Archive::kZip;
  ArchiveMembers members(file.name, config, skips_damaged, hooks.num_threads, emit, reading);
  const VisitMember visit = [&](const std::string& name, const OpenMember& open) { members.visit(name, open); };
  if (archive == Archive::kZip)
    read_zip(file.path, file.name, hooks, visit);
  else
    read_tar(*source, file.name, visit);
  members.finish();
  return reading;
}

}  // namespace ktlm::corpus
