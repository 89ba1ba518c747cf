#include "ktlm/core/machine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#ifdef __linux__
#include <sched.h>
#endif

namespace ktlm {
namespace {

// Puts an environment variable back at the end.
class Variable {
 public:
  explicit Variable(const char* name) : name_(name) {
    if (const char* value = std::getenv(name)) former_ = value;
  }
  ~Variable() { ::setenv(name_, former_.c_str(), 1); }
  void set(const char* value) const { ::setenv(name_, value, 1); }
  void clear() const { ::unsetenv(name_); }

 private:
  const char* name_;
  std::string former_;
};

TEST(FoldersOfKtlm, FollowTheEnvironment) {
  const auto expect = [](const char* variable, std::filesystem::path (*directory)()) {
    const Variable named(variable), home("HOME");
    named.set("/somewhere/else");
    EXPECT_EQ(directory(), "/somewhere/else/ktlm");
    named.set("relative");
    home.set("/home/person");
    EXPECT_EQ(directory().string().rfind("/home/person/", 0), 0U);
    EXPECT_EQ(directory().filename(), "ktlm");
    named.clear();
    home.clear();
    EXPECT_TRUE(directory().empty());
  };
  expect("XDG_CACHE_HOME", cache_directory);
  expect("XDG_STATE_HOME", state_directory);
}

#ifdef __linux__
TEST(NumUsableCores, AreThoseThatTheProcessIsBoundTo) {
  EXPECT_LE(num_usable_cores(), num_cores());
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int core = 0;
  while (!CPU_ISSET(core, &before)) ++core;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  const int64_t bound = num_usable_cores();
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(bound, 1);
}
#endif

TEST(MachineName, NamesTheProcessorAndItsCores) {
  EXPECT_TRUE(machine_name().ends_with(" cores"));
  EXPECT_GT(machine_name().size(), std::string(", 1 cores").size());
}

}  // namespace
}  // namespace ktlm
