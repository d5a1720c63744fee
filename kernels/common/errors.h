// Errors as everywhere in Kvist: `[where] need ..., got .... hint: ...`.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace kvist {

template <typename Need, typename Got>
[[noreturn]] void fail(const char* where, const Need& need, const Got& got, const char* hint = "") {
  std::ostringstream message;
  message << "[" << where << "] need " << need << ", got " << got << ".";
  if (*hint) message << " hint: " << hint;
  throw std::invalid_argument(message.str());
}

}  // namespace kvist
