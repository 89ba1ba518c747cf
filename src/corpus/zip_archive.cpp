#include <zip.h>

#include <utility>

#include "archives.h"
#include "ktlm/core/error.h"

namespace ktlm::corpus {

namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

std::string open_error_text(int code) {
  if (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS || code == ZIP_ER_READ || code == ZIP_ER_SEEK) {
    return ": a zip archive whose table of contents is missing or damaged (an unfinished download?); fetch the file "
           "again";
  }
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = std::string(": can't be read: ") + zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

class ZipMember : public ByteSource {
 public:
  ZipMember(zip_t* archive, const zip_stat_t& stat, std::string name, const ReadHooks& hooks)
      : name_(std::move(name)), hooks_(hooks), size_(stat.size), packed_size_(stat.comp_size) {
    if (stat.encryption_method != ZIP_EM_NONE)
      throw Error(name_ + ": is encrypted; unpack the archive with its password, and name the folder instead");
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
      throw Error(name_ + ": is packed by method " + std::to_string(stat.comp_method) +
                  ", expected stored (0) or deflated (8); unpack the archive, and name the folder instead");
    }
    member_.reset(zip_fopen_index(archive, stat.index, 0));
    if (member_ == nullptr) throw_corrupt();
  }
  ~ZipMember() override { count_file_bytes(packed_size_); }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    if (hooks_.check) hooks_.check();
    const zip_int64_t count = zip_fread(member_.get(), buffer, capacity);
    if (count < 0) throw_corrupt();
    taken_ += static_cast<uint64_t>(count);
    if (count == 0 && taken_ != size_) throw_corrupt();
    const double share = size_ > 0 ? static_cast<double>(taken_) / static_cast<double>(size_) : 1.0;
    count_file_bytes(static_cast<uint64_t>(share * static_cast<double>(packed_size_)));
    return static_cast<size_t>(count);
  }

 private:
  void count_file_bytes(uint64_t packed_taken) {
    if (packed_taken <= packed_counted_ || hooks_.file_bytes == nullptr) return;
    *hooks_.file_bytes += static_cast<int64_t>(packed_taken - packed_counted_);
    packed_counted_ = packed_taken;
  }

  [[noreturn]] void throw_corrupt() const {
    throw Error(name_ + ": its data in the zip archive is damaged; fetch the archive again");
  }

  std::string name_;
  const ReadHooks& hooks_;
  uint64_t size_, packed_size_, taken_ = 0, packed_counted_ = 0;
  std::unique_ptr<zip_file_t, CloseMember> member_;
};

}  // namespace

void read_zip(const std::string& path, const std::string& name, const ReadHooks& hooks, const VisitMember& visit) {
  int code = 0;
  const std::unique_ptr<zip_t, CloseArchive> archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) throw Error(name + open_error_text(code));
  const zip_int64_t num_entries = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < num_entries; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    const auto index = static_cast<zip_uint64_t>(i);
    if (zip_stat_index(archive.get(), index, 0, &stat) != 0) throw Error(name + open_error_text(ZIP_ER_INCONS));
    const std::string member = utf8_name(zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW));
    if (member.empty() || member.back() == '/') continue;  // a folder
    visit(member, [&] { return std::make_unique<ZipMember>(archive.get(), stat, name + "/" + member, hooks); });
  }
}

}  // namespace ktlm::corpus
