# Sourced by cross_build.sh: builds the third-party libraries for macOS, static, into $kit/prefix, from the sources of the
# Debian release (or Ubuntu) that this machine runs: upstream's own archives, without Debian's patches. Order matters
# where one needs another: fmt before spdlog.
# shellcheck shell=bash disable=SC2154  # work, kit, root, optimization are set by cross_build.sh

# download_source PACKAGE: its newest version; where the mirror lacks that of a fresh security update, which its lists name
# already, another one.
download_source() {
  apt source --download-only --tar-only "$1" && return
  local version
  for version in $(with_own_lists apt-cache showsrc "$1" | sed -n 's/^Version: //p'); do
    say "$script: trying version $version of $1"
    if apt source --download-only --tar-only "$1=$version"; then return; fi
  done
  return 1
}

# unpack_source PACKAGE: leaves its source in $source.
unpack_source() {
  source=$work/sources/$1
  rm -rf "$source" && mkdir -p "$source/archives" "$source/tree"
  (cd "$source/archives" && download_source "$1") || fail "apt-get source $1 failed; see its message above"
  rm -f "$source/archives"/*.asc
  tar -xf "$source/archives"/*.orig.tar.* -C "$source/tree" --strip-components=1
  source=$source/tree
}

cross_cmake() {  # cross_cmake SOURCE_FOLDER [OPTION...]: configures, builds and installs
  local tree=$1 build=$work/sources/$package/build
  shift
  cmake -S "$tree" -B "$build" -G Ninja --toolchain "$root/cmake/toolchains/macos-arm64.cmake" -DKTLM_MACOS_KIT="$kit" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="$optimization -DNDEBUG" \
    -DCMAKE_CXX_FLAGS_RELEASE="$optimization -DNDEBUG" -DCMAKE_INSTALL_PREFIX="$kit/prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_C_COMPILER_LAUNCHER="$launcher" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -Wno-dev "$@"
  cmake --build "$build"
  cmake --install "$build"
}

# plain_c_library NAME HEADER... -- FILE...: for those whose build is no more than a list of files (bzip2 has a Makefile for
# the host alone; zlib's CMakeLists.txt names a file for Windows that Debian leaves out). zlib 1.2 takes any Mac for one
# without fdopen, which it replaces by a macro where there is none yet.
plain_c_library() {
  local name=$1 file
  mkdir -p "$kit/prefix/lib" "$kit/prefix/include"
  shift
  while [ "$1" != -- ]; do
    cp "$source/$1" "$kit/prefix/include"
    shift
  done
  shift
  for file in "$@"; do
    clang-19 --target=arm64-apple-macos14.0 --sysroot="$kit/sdk" "$optimization" -DHAVE_UNISTD_H \
      -Dfdopen=fdopen -c "$source/$file.c" -o "$source/$file.o"
  done
  rm -f "$kit/prefix/lib/lib$name.a"
  llvm-ar-19 rcs "$kit/prefix/lib/lib$name.a" "$source"/*.o
}

# Headers alone, the same on every machine: from the binary package. Its pkg-config and CMake files come along.
unpack_headers() {
  unpack_deb "$1" "$work/unpacked/$1"
  cp -R "$work/unpacked/$1/usr/." "$kit/prefix"
}

build_library() {
  case $package in
    yaml-cpp) cross_cmake "$source" -DYAML_CPP_BUILD_TESTS=OFF -DYAML_CPP_BUILD_TOOLS=OFF ;;
    fmtlib) cross_cmake "$source" -DFMT_TEST=OFF -DFMT_DOC=OFF ;;
    spdlog) cross_cmake "$source" -DSPDLOG_FMT_EXTERNAL=ON -DSPDLOG_BUILD_EXAMPLE=OFF -DSPDLOG_BUILD_TESTS=OFF ;;
    expat)
      cross_cmake "$source/expat" -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_EXAMPLES=OFF \
        -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_DOCS=OFF
      ;;
    bzip2) plain_c_library bz2 bzlib.h -- blocksort huffman crctable randtable compress decompress bzlib ;;
    zlib)
      plain_c_library z zlib.h zconf.h -- adler32 compress crc32 deflate gzclose gzlib gzread gzwrite infback inffast \
        inflate inftrees trees uncompr zutil
      ;;
    xz-utils) cross_cmake "$source" -DBUILD_TESTING=OFF -DCREATE_XZ_SYMLINKS=OFF -DCREATE_LZMA_SYMLINKS=OFF ;;
    libzip)
      cross_cmake "$source" -DENABLE_BZIP2=OFF -DENABLE_LZMA=OFF -DENABLE_ZSTD=OFF -DENABLE_OPENSSL=OFF -DENABLE_GNUTLS=OFF \
        -DENABLE_MBEDTLS=OFF -DENABLE_COMMONCRYPTO=OFF -DBUILD_TOOLS=OFF -DBUILD_REGRESS=OFF -DBUILD_EXAMPLES=OFF \
        -DBUILD_DOC=OFF
      ;;
    libzstd)
      cross_cmake "$source/build/cmake" -DZSTD_BUILD_SHARED=OFF -DZSTD_BUILD_PROGRAMS=OFF -DZSTD_BUILD_TESTS=OFF
      ;;
    utf8proc) cross_cmake "$source" -DUTF8PROC_ENABLE_TESTING=OFF ;;
    xxhash) cross_cmake "$source/cmake_unofficial" -DXXHASH_BUILD_XXHSUM=OFF ;;
    highway) cross_cmake "$source" -DHWY_ENABLE_TESTS=OFF -DHWY_ENABLE_EXAMPLES=OFF ;;
    sentencepiece) cross_cmake "$source" -DSPM_ENABLE_SHARED=OFF -DSPM_ENABLE_TCMALLOC=OFF ;;
    pcre2) cross_cmake "$source" -DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_BUILD_TESTS=OFF ;;
    googletest) cross_cmake "$source" ;;
  esac
}

# The system's libedit is a stub in the SDK; the program asks pkg-config for it.
describe_libedit() {
  mkdir -p "$kit/prefix/lib/pkgconfig"
  printf '%s\n' "Name: libedit" "Description: line editor, macOS's own" "Version: 3.1" \
    "Libs: -L$kit/sdk/usr/lib -ledit" "Cflags:" >"$kit/prefix/lib/pkgconfig/libedit.pc"
}

# make_libraries PACKAGE...: those that are not there yet, each with its own log.
make_libraries() {
  local package source key log status
  key=$(key_of "$root"/tools/macos/libraries.sh "$root"/cmake/toolchains/macos-arm64.cmake "$work/done/sdk")$optimization
  launcher=$(command -v ccache || true)
  for package in "$@"; do
    ! done_before "$package" "$key" || continue
    say "building $package for macOS"
    log=$work/logs/$package.log
    mkdir -p "$work/logs"
    set +e  # set -e has no effect inside "( ... ) || ..."
    (
      set -e
      case $package in
        libcli11-dev | nlohmann-json3-dev) unpack_headers "$package" ;;
        *)
          unpack_source "$package"
          build_library
          ;;
      esac
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    [ $status -eq 0 ] || fail "building $package for macOS failed; see $log"
    rm -rf "$work/sources/$package" "$work/unpacked" "$work/debs"
    mark_done "$package" "$key"
  done
  describe_libedit
}
