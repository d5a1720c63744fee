#include "kvist_report.h"

#ifdef __linux__
#include <link.h>
#endif
#include <unistd.h>

#include <cstdarg>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kvist_memory.h"
#include "kvist_scheduler.h"

namespace kvist_emulator {
namespace {

constexpr size_t kMaxReports = 100;
std::vector<Report> reports;

// Return addresses up the stack. Kernels and this runtime keep frame pointers.
void walk(uintptr_t frame_pointer, uintptr_t* out, int capacity) {
  for (int i = 0; i < capacity; ++i) {
    if (frame_pointer % sizeof(void*) != 0 || frame_pointer < uintptr_t(running.stack) ||
        frame_pointer + 2 * sizeof(void*) > uintptr_t(running.stack_end)) {
      return;
    }
    const uintptr_t* frame = reinterpret_cast<const uintptr_t*>(frame_pointer);
    if (frame[1] == 0) return;
    out[i] = frame[1];
    frame_pointer = frame[0];
  }
}

// How far the system moved the program from the addresses in its line table.
uintptr_t load_offset() {
#ifdef __linux__
  static const uintptr_t offset = [] {
    uintptr_t found = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* out) {
          *static_cast<uintptr_t*>(out) = info->dlpi_addr;
          return 1;  // the first is the program itself
        },
        &found);
    return found;
  }();
  return offset;
#else
  return 0;
#endif
}

bool same_place(const Report& a, const Report& b) {
  if (a.site.line || b.site.line) return a.site.line == b.site.line && strcmp(a.site.file, b.site.file) == 0;
  return memcmp(a.frames, b.frames, sizeof a.frames) == 0;
}

bool same_text(const char* a, const char* b) { return a == b || (a && b && strcmp(a, b) == 0); }

// What could order the two threads of a data race: nothing (0: in different threadgroups), a threadgroup_barrier (1),
// or a simdgroup_barrier as well (2). Advice differs by it, so reports are not merged across.
int scope(const Report& r) {
  if (strcmp(r.kind, "data_race") != 0 || r.group != r.other_group) return 0;
  return r.thread / kSimdWidth == r.other_thread / kSimdWidth ? 2 : 1;
}

void keep(Report& report) {
  if (running.in_kernel) {
    report.has_thread = true;
    report.group = running.group;
    report.thread = running.thread;
  }
  for (Report& old : reports) {
    if (same_text(old.kind, report.kind) && old.region == report.region && same_text(old.name, report.name) &&
        same_text(old.access, report.access) && scope(old) == scope(report) && same_place(old, report)) {
      old.other_flags = old.other_flags && report.other_flags;
      ++old.count;
      return;
    }
  }
  if (reports.size() < kMaxReports) reports.push_back(report);
}

void append(std::string& out, const char* format, ...) __attribute__((format(printf, 2, 3)));
void append(std::string& out, const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  out += text;
}

void append_string(std::string& out, const char* key, const char* value) {
  append(out, ", \"%s\": \"", key);
  for (; *value; ++value) {
    if (*value == '"' || *value == '\\') out += '\\';
    out += *value;
  }
  out += '"';
}

void append_thread(std::string& out, const char* prefix, uint32_t group, uint32_t thread) {
  uint32_t at[3], in[3];
  grid_position(group, thread, at);
  group_position(group, in);
  append(out, ", \"%sthread\": [%u, %u, %u], \"%sthreadgroup\": [%u, %u, %u], \"%sindex\": %u", prefix, at[0], at[1],
         at[2], prefix, in[0], in[1], in[2], prefix, thread);
}

void append_report(std::string& out, const Report& r) {
  append(out, "{\"kind\": \"%s\", \"count\": %llu", r.kind, static_cast<unsigned long long>(r.count));
  if (r.site.line) {
    append(out, ", \"line\": %u", r.site.line);
    append_string(out, "file", r.site.file);
  }
  out += ", \"frames\": [";
  for (int i = 0; i < kFrames && r.frames[i]; ++i) append(out, "%s%llu", i ? ", " : "", (unsigned long long)(r.frames[i] - load_offset()));
  out += "]";
  if (r.has_thread) append_thread(out, "", r.group, r.thread);
  if (r.has_other) append_thread(out, "other_", r.other_group, r.other_thread);
  if (r.other_frame) append(out, ", \"other_frame\": %u", uint32_t(r.other_frame - load_offset()));
  if (r.other_site.line) append(out, ", \"other_line\": %u", r.other_site.line);
  if (r.access) append_string(out, "access", r.access);
  if (r.other_access) append_string(out, "other_access", r.other_access);
  if (r.other_flags) out += ", \"other_flags\": true";
  if (r.name) append_string(out, "name", r.name);
  if (r.region >= 0) {
    append_string(out, "buffer", regions[r.region].name.c_str());
    append(out, ", \"memory\": \"%s\", \"element\": %lld, \"elements\": %zu",
           regions[r.region].mode == Mode::threadgroup ? "threadgroup" : "device", static_cast<long long>(r.index),
           regions[r.region].bytes / regions[r.region].layout.element);
    const Layout& layout = regions[r.region].layout;
    if (layout.scalar == 1 && layout.element > 1) append(out, ", \"within\": %u", r.within);  // a struct
  }
  if (r.region < 0 && strcmp(r.kind, "out_of_bounds") == 0) {
    append(out, ", \"element\": %lld", static_cast<long long>(r.index));
  }
  append(out, ", \"size\": %llu, \"arrived\": %u, \"expected\": %u}", static_cast<unsigned long long>(r.size), r.arrived,
         r.expected);
}

void append_counters(std::string& out) {
  uint64_t threadgroup_read = 0, threadgroup_written = 0;
  std::string read, written;
  for (uint32_t i = 0; i < region_count; ++i) {
    const Region& region = regions[i];
    if (region.mode == Mode::threadgroup) {
      threadgroup_read += region.read_bytes;
      threadgroup_written += region.written_bytes;
      continue;
    }
    append(read, "%s\"%s\": %llu", read.empty() ? "" : ", ", region.name.c_str(), (unsigned long long)region.read_bytes);
    append(written, "%s\"%s\": %llu", written.empty() ? "" : ", ", region.name.c_str(),
           (unsigned long long)region.written_bytes);
  }
  const Counters& c = counters;
  append(out, "\"threads\": %llu, \"threadgroups\": %llu, \"simdgroups\": %llu", (unsigned long long)c.threads,
         (unsigned long long)c.threadgroups, (unsigned long long)c.simdgroups);
  append(out, ", \"barriers\": %llu, \"simd_operations\": %llu, \"atomic_operations\": %llu",
         (unsigned long long)c.barriers, (unsigned long long)c.simd_operations, (unsigned long long)c.atomic_operations);
  append(out, ", \"threadgroup_bytes\": %llu", (unsigned long long)threadgroup_bytes());
  append(out, ", \"threadgroup_read_bytes\": %llu, \"threadgroup_written_bytes\": %llu",
         (unsigned long long)threadgroup_read, (unsigned long long)threadgroup_written);
  out += ", \"read_bytes\": {" + read + "}, \"written_bytes\": {" + written + "}";
}

}  // namespace

void add(Report report) {
  if (!report.site.line && running.in_kernel) {
    walk(uintptr_t(__builtin_frame_address(0)), report.frames, kFrames);
  }
  keep(report);
}

void add_at(Report report, uintptr_t pc, uintptr_t frame_pointer) {
  report.frames[0] = pc + 1;  // as if it were a return address
  walk(frame_pointer, report.frames + 1, kFrames - 1);
  keep(report);
}

size_t report_count() { return reports.size(); }

void finish(bool fatal) {
  running.in_kernel = false;
  check_unwritten(!fatal);
  save_outputs();
  std::string out = fatal ? "{\"finished\": false, " : "{\"finished\": true, ";
  append_counters(out);
  out += ", \"reports\": [";
  for (size_t i = 0; i < reports.size(); ++i) {
    if (i) out += ", ";
    append_report(out, reports[i]);
  }
  out += "]}\n";
  for (size_t done = 0; done < out.size();) {
    const ssize_t n = write(STDOUT_FILENO, out.data() + done, out.size() - done);
    if (n <= 0) _exit(1);
    done += size_t(n);
  }
  _exit(0);
}

void give_up(const char* why) {
  std::string out = "{\"need\": \"";
  out += why;
  out += "\"}\n";
  const ssize_t written = write(STDOUT_FILENO, out.data(), out.size());
  _exit(written == ssize_t(out.size()) ? 0 : 1);
}

}  // namespace kvist_emulator
