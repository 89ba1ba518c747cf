// The files in a zip or tar archive, one after the other, without unpacking them to disk. Zip through libzip, which
// keeps no more than the table of contents in memory; tar read here, since its headers are all there is to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "byte_source.h"

namespace ktlm::corpus {

enum class Archive { kNone, kZip, kTar };

/// What a file is whose first 512 bytes are `head`.
Archive archive_of(std::string_view head);

/// A member's name as UTF-8: it is that or, from Windows in Korea, CP949. The flag of zip that says so is seldom right.
std::string utf8_name(std::string_view bytes);

/// Opens the member's bytes, to be read before the visit ends.
using OpenMember = std::function<std::unique_ptr<ByteSource>()>;
/// Gets a member's name within the archive, in UTF-8 and never empty. `open` is null where the archive does not hold
/// the file as it is: a sparse one, of which tar keeps no holes.
using VisitMember = std::function<void(const std::string& member, const OpenMember& open)>;

/// Visits the files of the zip archive at `path`, in their order; `name` is for messages. Throws Error naming it, or
/// the member that is opened: truncated or damaged, encrypted, packed by another method than stored and deflated.
void read_zip(const std::string& path, const std::string& name, const ReadHooks& hooks, const VisitMember& visit);

/// Visits the files of a tar archive (ustar, pax, GNU), in their order. Throws Error naming `name`: damaged, truncated.
void read_tar(ByteSource& source, const std::string& name, const VisitMember& visit);

}  // namespace ktlm::corpus
