// Runs a program the way a shell would, for tests that go through the binary: arguments, standard input, environment
// and folder in; exit code, standard output and standard error out. run_program() waits for the end; RunningProgram
// lets a test send signals, or wait for words to appear, while the program works. POSIX only (fork, poll), Linux and
// macOS.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ktlm::test {

struct ProgramResult {
  int exit_code = -1;  // as a shell says it: 128 + the signal where one killed the program
  std::string out;     // standard output
  std::string err;     // standard error
};

struct ProgramOptions {
  std::string input;                                             // standard input; closed behind it
  bool keep_input_open = false;                                  // until wait() or close_input()
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of the caller's
  std::string directory;                                         // to run in; empty: the caller's
  rlim_t max_file_bytes = 0;     // of each file: a write beyond fails, as on a full disk (RLIMIT_FSIZE); 0: no limit
  double timeout_seconds = 120;  // then the program is killed and the test fails by throwing
};

/// A program at work. The destructor kills it where it still runs.
class RunningProgram {
 public:
  /// `arguments[0]` is the program's path. Throws std::runtime_error where it can't be started.
  RunningProgram(const std::vector<std::string>& arguments, ProgramOptions options)
      : options_(std::move(options)), deadline_(now_seconds() + options_.timeout_seconds) {
    ::signal(SIGPIPE, SIG_IGN);  // a program that doesn't read its input shall not end the test
    int in[2], out[2], err[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0 || ::pipe(err) != 0) throw std::runtime_error("pipe() failed");
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork() failed");
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      for (int* pipe : {in, out, err}) {
        ::close(pipe[0]);
        ::close(pipe[1]);
      }
      ::signal(SIGPIPE, SIG_DFL);
      const rlimit file_limit = {options_.max_file_bytes, options_.max_file_bytes};
      if (options_.max_file_bytes > 0) ::setrlimit(RLIMIT_FSIZE, &file_limit);
      for (const auto& [name, value] : options_.environment) ::setenv(name.c_str(), value.c_str(), 1);
      if (options_.directory.empty() || ::chdir(options_.directory.c_str()) == 0) ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
    for (int descriptor : {in_, out_, err_}) {
      ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);  // else a program started later holds this one's input open
    }
    pending_input_ = options_.input;
  }

  ~RunningProgram() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    for (int descriptor : {in_, out_, err_}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void send_signal(int signal_number) { ::kill(pid_, signal_number); }
  pid_t pid() const { return pid_; }
  /// More for standard input; needs keep_input_open.
  void send_input(const std::string& text) { pending_input_ += text; }
  void close_input() { options_.keep_input_open = false; }

  /// Whether `words` appeared on standard output or standard error before the program ended.
  bool wait_for(const std::string& words) {
    while (result_.out.find(words) == std::string::npos && result_.err.find(words) == std::string::npos) {
      if (!pump()) return false;
    }
    return true;
  }

  /// Closes the input, reads to the end.
  ProgramResult wait() {
    close_input();
    while (pump()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result_;
  }

  /// What has been read so far.
  const ProgramResult& result() const { return result_; }

 private:
  static double now_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  // Moves what can be moved through the three pipes. False once both outputs are at their end.
  bool pump() {
    write_input();
    std::vector<pollfd> waiting;
    if (in_ >= 0 && !pending_input_.empty()) waiting.push_back({in_, POLLOUT, 0});
    if (out_ >= 0) waiting.push_back({out_, POLLIN, 0});
    if (err_ >= 0) waiting.push_back({err_, POLLIN, 0});
    if (out_ < 0 && err_ < 0) return false;
    ::poll(waiting.data(), static_cast<nfds_t>(waiting.size()), 100);
    read_output(out_, result_.out);
    read_output(err_, result_.err);
    if (now_seconds() > deadline_) {
      throw std::runtime_error("the program did not end in time; it wrote\n" + result_.out + result_.err);
    }
    return true;
  }

  void write_input() {
    while (in_ >= 0 && !pending_input_.empty()) {
      const ssize_t count = ::write(in_, pending_input_.data(), pending_input_.size());
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (count < 0)
        pending_input_.clear();  // the program closed its input
      else
        pending_input_.erase(0, static_cast<size_t>(count));
    }
    if (in_ >= 0 && !options_.keep_input_open) {
      ::close(in_);
      in_ = -1;
    }
  }

  static void read_output(int& descriptor, std::string& text) {
    char buffer[1 << 16];
    while (descriptor >= 0) {
      const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
      if (count > 0) {
        text.append(buffer, static_cast<size_t>(count));
        continue;
      }
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
      ::close(descriptor);
      descriptor = -1;
    }
  }

  ProgramOptions options_;
  double deadline_;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string pending_input_;
  ProgramResult result_;
};

inline ProgramResult run_program(const std::vector<std::string>& arguments, ProgramOptions options = {}) {
  return RunningProgram(arguments, std::move(options)).wait();
}

}  // namespace ktlm::test
