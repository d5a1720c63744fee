// The program around one compiled kernel. Reads a request from standard input, runs it, writes the outputs back
// into the request's data file and one line of JSON to standard output. A process of its own per call means that
// a kernel which crashes or never ends takes nobody with it, and that calls cannot disturb each other.
//
// Request (see kvist/metal/process.py):
//   data PATH | grid X Y Z | threadgroup X Y Z | order NAME SEED | limit SECONDS
//   buffer NAME OFFSET BYTES read|write      one per [[buffer(n)]], in the order of n
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __linux__
#include <ucontext.h>
#endif

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kvist_scheduler.h"

namespace kvist_emulator {
namespace {

struct Buffer {
  std::string name;
  long offset;
  size_t bytes;
  bool writable;
  char* data;
  char *mapping, *mapping_end;  // with the guard zones around it
};

struct Request {
  std::string data_path;
  Dispatch dispatch{};
  double limit = 10;
  std::vector<Buffer> buffers;
};

Request request;

// ---- faults ----------------------------------------------------------------------------------------------

uint64_t program_counter(void* context) {
#if defined(__linux__) && defined(__x86_64__)
  return uint64_t(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__linux__) && defined(__aarch64__)
  return static_cast<ucontext_t*>(context)->uc_mcontext.pc;
#else
  (void)context;
  return 0;  // no line numbers for crashes there
#endif
}

void on_signal(int number, siginfo_t* info, void* context) {
  char more[512];
  int used = snprintf(more, sizeof more, "\"pc\": %llu", static_cast<unsigned long long>(program_counter(context)));
  const char* const address = static_cast<char*>(info->si_addr);
  if (number == SIGALRM) fail("time_limit", 0, more);
  if (number == SIGFPE) fail("division_by_zero", 0, more);
  if (number != SIGSEGV && number != SIGBUS) fail("illegal", 0, more);
  if (is_stack_guard(address)) fail("stack_overflow", 0, more);
  for (const Buffer& buffer : request.buffers) {
    if (address < buffer.mapping || address >= buffer.mapping_end) continue;
    const bool inside = address >= buffer.data && address < buffer.data + buffer.bytes;
    snprintf(more + used, sizeof more - used, ", \"buffer\": \"%s\", \"offset\": %lld", buffer.name.c_str(),
             static_cast<long long>(address - buffer.data));
    fail(inside ? "write_to_input" : "out_of_bounds", 0, more);
  }
  fail("wild_pointer", 0, more);
}

void catch_faults(double limit) {
  static char stack[64 << 10];  // the thread's own stack may be what overflowed
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) sigaction(number, &action, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = long(limit);
  timer.it_value.tv_usec = long((limit - double(long(limit))) * 1e6) + 1;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// ---- buffers ---------------------------------------------------------------------------------------------

// Between two guard zones, flush with the end of its last page but for alignment: reading or writing past the end
// faults at once and the address says which buffer was meant.
void map_buffer(Buffer& buffer, int file) {
  constexpr size_t kGuard = 16 << 20, kAlignment = 32;
  const size_t page = size_t(sysconf(_SC_PAGESIZE));
  const size_t pages = (buffer.bytes + page - 1) / page * page;
  const int flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE;
  void* memory = mmap(nullptr, pages + 2 * kGuard, PROT_NONE, flags, -1, 0);
  if (memory == MAP_FAILED) fail("memory", 0);
  buffer.mapping = static_cast<char*>(memory);
  buffer.mapping_end = buffer.mapping + pages + 2 * kGuard;
  char* const first = buffer.mapping + kGuard;
  mprotect(first, pages, PROT_READ | PROT_WRITE);
  memset(first, 0xFF, pages);
  buffer.data = first + pages - (buffer.bytes + kAlignment - 1) / kAlignment * kAlignment;
  for (size_t done = 0; done < buffer.bytes;) {
    const ssize_t n = pread(file, buffer.data + done, buffer.bytes - done, buffer.offset + long(done));
    if (n <= 0) fail("request", 0);
    done += size_t(n);
  }
  if (!buffer.writable) mprotect(first, pages, PROT_READ);
}

void write_back(const Buffer& buffer, int file) {
  for (size_t done = 0; done < buffer.bytes;) {
    const ssize_t n = pwrite(file, buffer.data + done, buffer.bytes - done, buffer.offset + long(done));
    if (n <= 0) fail("request", 0);
    done += size_t(n);
  }
}

// ---- request ----------------------------------------------------------------------------------------------

void read_request() {
  char* line = nullptr;
  size_t capacity = 0;
  Dispatch& d = request.dispatch;
  while (getline(&line, &capacity, stdin) > 0) {
    if (sscanf(line, "grid %u %u %u", &d.grid[0], &d.grid[1], &d.grid[2]) == 3) continue;
    if (sscanf(line, "threadgroup %u %u %u", &d.threadgroup[0], &d.threadgroup[1], &d.threadgroup[2]) == 3) continue;
    if (sscanf(line, "limit %lf", &request.limit) == 1) continue;
    char text[256], mode[8];
    if (strncmp(line, "data ", 5) == 0) {
      request.data_path.assign(line + 5, strcspn(line + 5, "\n"));
    } else if (sscanf(line, "order %255s %llu", text, &d.seed) == 2) {
      d.order = *text == 'f' ? Order::forward : strcmp(text, "random") == 0 ? Order::random : Order::reverse;
    } else if (Buffer b{}; sscanf(line, "buffer %255s %ld %zu %7s", text, &b.offset, &b.bytes, mode) == 4) {
      b.name = text;
      b.writable = strcmp(mode, "write") == 0;
      request.buffers.push_back(b);
    } else {
      fail("request", 0);
    }
  }
  free(line);
}

}  // namespace

void fail(const char* kind, uint32_t line, const char* more) {
  char text[1024];
  const Thread* t = current_thread();
  const uint32_t none[3] = {};
  const uint32_t* group = t ? t->threadgroup_position_in_grid : none;
  const int n = snprintf(text, sizeof text,
                         "{\"error\": \"%s\", \"line\": %u, \"thread\": %d, \"threadgroup\": [%u, %u, %u]%s%s}\n", kind,
                         line, t ? int(t->thread_index_in_threadgroup) : -1, group[0], group[1], group[2],
                         *more ? ", " : "", more);
  const ssize_t written = write(STDOUT_FILENO, text, size_t(n));
  _exit(written == n ? 0 : 1);
}

}  // namespace kvist_emulator

int main() {
  using namespace kvist_emulator;
  read_request();
  catch_faults(request.limit);
  const int file = open(request.data_path.c_str(), O_RDWR);
  if (file < 0) fail("request", 0);
  std::vector<void*> addresses;
  for (Buffer& buffer : request.buffers) {
    map_buffer(buffer, file);
    addresses.push_back(buffer.data);
  }
  request.dispatch.buffers = addresses.data();
  const Counters counters = run(request.dispatch);
  for (const Buffer& buffer : request.buffers) {
    if (buffer.writable) write_back(buffer, file);
  }
  printf("{\"threads\": %llu, \"threadgroups\": %llu, \"simdgroups\": %llu, \"barriers\": %llu, "
         "\"simd_operations\": %llu, \"threadgroup_bytes\": %llu}\n",
         static_cast<unsigned long long>(counters.threads), static_cast<unsigned long long>(counters.threadgroups),
         static_cast<unsigned long long>(counters.simdgroups), static_cast<unsigned long long>(counters.barriers),
         static_cast<unsigned long long>(counters.simd_operations),
         static_cast<unsigned long long>(counters.threadgroup_bytes));
  return 0;
}
