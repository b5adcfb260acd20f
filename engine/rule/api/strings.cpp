// The string library that rules get: no patterns (one hostile pattern can run for minutes where no budget sees it), but plain search, globs and splitting, all linear.
// Positions count bytes, as Lua people expect; upper and lower change ASCII only, fold is for comparing names.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {
namespace {

constexpr std::size_t kMaxText = 1u << 20;

std::string_view arg(lua_State* L, int at) {
  if (lua_type(L, at) != LUA_TSTRING && lua_type(L, at) != LUA_TNUMBER)
    luaL_error(L, "bad argument #%d (text expected, got %s)", at, std::string(kind_of(L, at)).c_str());
  std::size_t length = 0;
  const char* text = lua_tolstring(L, at, &length);
  charge(L, length / 16);
  return {text, length};
}
int give(lua_State* L, std::string_view text) {
  charge(L, text.size() / 16);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
// Lua's rule for negative positions; 1-based, clamped.
std::size_t position(lua_Integer at, std::size_t length) {
  if (at < 0) at = static_cast<lua_Integer>(length) + at + 1;
  return at < 1 ? 1 : static_cast<std::size_t>(at);
}

// Linear whatever the texts (glibc's memmem is two-way): the stock searchers can be made quadratic.
std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t from) {
  if (wanted.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

int s_len(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(arg(L, 1).size()));
  return 1;
}
int s_sub(lua_State* L) {
  const std::string_view text = arg(L, 1);
  const std::size_t from = position(luaL_checkinteger(L, 2), text.size());
  lua_Integer last = luaL_optinteger(L, 3, -1);
  if (last < 0) last = static_cast<lua_Integer>(text.size()) + last + 1;
  const auto to = std::min(static_cast<lua_Integer>(text.size()), last);
  if (to < static_cast<lua_Integer>(from)) return give(L, "");
  return give(L, text.substr(from - 1, static_cast<std::size_t>(to) - from + 1));
}
int s_upper(lua_State* L) {
  std::string text(arg(L, 1));
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return give(L, text);
}
int s_lower(lua_State* L) {
  std::string text(arg(L, 1));
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return give(L, text);
}
int s_fold(lua_State* L) {
  const std::string_view text = arg(L, 1);
  charge(L, text.size());
  return give(L, fold_case(text));
}
int s_trim(lua_State* L) { return give(L, trim(arg(L, 1))); }
int s_reverse(lua_State* L) {
  std::string text(arg(L, 1));
  std::reverse(text.begin(), text.end());
  return give(L, text);
}
int s_rep(lua_State* L) {
  const std::string_view text = arg(L, 1);
  const lua_Integer times = luaL_checkinteger(L, 2);
  const std::string_view between = lua_isnoneornil(L, 3) ? std::string_view() : arg(L, 3);
  if (times <= 0) return give(L, "");
  const std::size_t unit = text.size() + between.size();
  if (unit != 0 && static_cast<std::uint64_t>(times) > kMaxText / unit) luaL_error(L, "string.rep would make more than %d bytes", static_cast<int>(kMaxText));
  if (unit == 0) return give(L, "");
  std::string out;
  for (lua_Integer i = 0; i < times; ++i) {
    if (i) out += between;
    out += text;
  }
  return give(L, out);
}
int s_byte(lua_State* L) {
  const std::string_view text = arg(L, 1);
  const std::size_t at = position(luaL_optinteger(L, 2, 1), text.size());
  if (at > text.size()) return 0;
  lua_pushinteger(L, static_cast<unsigned char>(text[at - 1]));
  return 1;
}
// Lua people write patterns here. A text that would be one elsewhere is refused unless they say that it is meant plainly, as in Lua: s:find("[x]", 1, true).
int s_find(lua_State* L) {
  const std::string_view text = arg(L, 1), wanted = arg(L, 2);
  if (!lua_toboolean(L, 4) && wanted.find_first_of("^$*+?.([%-") != std::string_view::npos)
    luaL_error(L, "string.find searches plain text, and '%s' has characters that are a pattern in Lua; write s:find(text, 1, true) to search for it as it is, or use starts_with, ends_with, glob",
               std::string(wanted).c_str());
  const std::size_t from = position(luaL_optinteger(L, 3, 1), text.size());
  charge(L, (text.size() + wanted.size()) / 4);
  if (from > text.size() + 1) {
    lua_pushnil(L);
    return 1;
  }
  const std::size_t found = find_text(text, wanted, from - 1);
  if (found == std::string_view::npos) {
    lua_pushnil(L);
    return 1;
  }
  const auto at = static_cast<lua_Integer>(found) + 1;
  lua_pushinteger(L, at);
  lua_pushinteger(L, at + static_cast<lua_Integer>(wanted.size()) - 1);
  return 2;
}
int s_contains(lua_State* L) {
  lua_settop(L, 2);
  lua_pushinteger(L, 1);
  lua_pushboolean(L, 1);
  s_find(L);
  lua_pushboolean(L, !lua_isnil(L, 5));
  return 1;
}
int s_starts_with(lua_State* L) {
  lua_pushboolean(L, arg(L, 1).starts_with(arg(L, 2)));
  return 1;
}
int s_ends_with(lua_State* L) {
  lua_pushboolean(L, arg(L, 1).ends_with(arg(L, 2)));
  return 1;
}
int s_glob(lua_State* L) {
  const std::string_view text = arg(L, 1), pattern = arg(L, 2);
  charge(L, text.size() * std::max<std::size_t>(pattern.size(), 1));
  lua_pushboolean(L, glob_match(pattern, text));
  return 1;
}
int s_split(lua_State* L) {
  const std::string_view text = arg(L, 1), separator = arg(L, 2);
  if (separator.empty()) luaL_error(L, "split needs a separator");
  charge(L, text.size() + separator.size());
  lua_newtable(L);
  lua_Integer count = 0;
  std::size_t from = 0;
  for (;;) {
    charge(L, 2 + separator.size() / 4);  // each search begins with a look at the separator
    const std::size_t at = find_text(text, separator, from);
    const std::string_view part = text.substr(from, at == std::string_view::npos ? at : at - from);
    lua_pushlstring(L, part.data(), part.size());
    lua_rawseti(L, -2, ++count);
    if (at == std::string_view::npos) return 1;
    from = at + separator.size();
  }
}
// %d %i %s %q? %f %g %e %x %X %c %%, with flags, width and precision of at most two digits; written by the host, so that no locale and no address gets in.
int s_format(lua_State* L) {
  const std::string_view form = arg(L, 1);
  std::string out;
  int next = 1;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '%') {
      out += form[i];
      continue;
    }
    if (++i >= form.size()) luaL_error(L, "string.format: a '%%' at the end");
    if (form[i] == '%') {
      out += '%';
      continue;
    }
    bool left = false, zero = false, plus = false;
    for (; i < form.size() && (form[i] == '-' || form[i] == '0' || form[i] == '+' || form[i] == ' '); ++i) {
      left |= form[i] == '-';
      zero |= form[i] == '0';
      plus |= form[i] == '+';
    }
    std::size_t width = 0;
    int precision = -1;
    int digits = 0;
    for (; i < form.size() && form[i] >= '0' && form[i] <= '9'; ++i, ++digits) width = width * 10 + static_cast<std::size_t>(form[i] - '0');
    if (digits > 2) luaL_error(L, "string.format: width has at most two digits");
    if (i < form.size() && form[i] == '.') {
      precision = 0;
      digits = 0;
      for (++i; i < form.size() && form[i] >= '0' && form[i] <= '9'; ++i, ++digits) precision = precision * 10 + (form[i] - '0');
      if (digits > 2) luaL_error(L, "string.format: precision has at most two digits");
    }
    const char kind = i < form.size() ? form[i] : '\0';
    if (++next > lua_gettop(L)) luaL_error(L, "string.format: value #%d is missing", next - 1);
    std::string piece;
    bool is_number = true;
    switch (kind) {
      case 'd': case 'i': {
        int exact = 0;
        const lua_Integer value = lua_tointegerx(L, next, &exact);
        if (!exact) luaL_error(L, "string.format: %%d wants a whole number, got %s", text_of(L, next).c_str());
        piece = fmt::format("{}{}", plus && value >= 0 ? "+" : "", static_cast<long long>(value));
        break;
      }
      case 'x': piece = fmt::format("{:x}", static_cast<unsigned long long>(luaL_checkinteger(L, next))); break;
      case 'X': piece = fmt::format("{:X}", static_cast<unsigned long long>(luaL_checkinteger(L, next))); break;
      case 'c': piece = std::string(1, static_cast<char>(luaL_checkinteger(L, next))); is_number = false; break;
      case 'f': piece = fmt::format("{:.{}f}", luaL_checknumber(L, next), precision < 0 ? 6 : precision); break;
      case 'e': piece = fmt::format("{:.{}e}", luaL_checknumber(L, next), precision < 0 ? 6 : precision); break;
      case 'g': piece = fmt::format("{:.{}g}", luaL_checknumber(L, next), precision < 0 ? 6 : precision); break;
      case 's':
        piece = text_of(L, next);
        if (precision >= 0) piece = std::string(utf8_prefix(piece, static_cast<std::size_t>(precision)));
        is_number = false;
        break;
      default: luaL_error(L, "string.format: '%%%c' is not supported; use %%d %%s %%f %%g %%x", kind ? kind : ' ');
    }
    if (piece.size() < width) {
      const std::size_t pad = width - piece.size();
      if (left) piece.append(pad, ' ');
      else if (zero && is_number) piece.insert(piece.starts_with('-') || piece.starts_with('+') ? 1 : 0, pad, '0');
      else piece.insert(0, pad, ' ');
    }
    out += piece;
    charge(L, 20 + piece.size());
    if (out.size() > kMaxText) luaL_error(L, "string.format would make more than %d bytes", static_cast<int>(kMaxText));
  }
  return give(L, out);
}
template <const char* const& Name>
int s_absent(lua_State* L) {
  return luaL_error(L, "string.%s is not available in rules (patterns can run without end); use contains, starts_with, ends_with, glob or split", Name);
}
constexpr const char* kMatch = "match";
constexpr const char* kGmatch = "gmatch";
constexpr const char* kGsub = "gsub";

constexpr ApiFunction kFunctions[] = {
    {"string", "len", guarded<s_len>, "(s: string): integer", "Length in bytes."},
    {"string", "sub", guarded<s_sub>, "(s: string, from: integer, to?: integer): string", "Bytes from..to; negative counts from the end."},
    {"string", "upper", guarded<s_upper>, "(s: string): string", "ASCII letters in upper case."},
    {"string", "lower", guarded<s_lower>, "(s: string): string", "ASCII letters in lower case."},
    {"string", "fold", guarded<s_fold>, "(s: string): string", "Unicode case folding, for comparing names and addresses."},
    {"string", "trim", guarded<s_trim>, "(s: string): string", "Without white space at both ends."},
    {"string", "reverse", guarded<s_reverse>, "(s: string): string", "Bytes in reverse."},
    {"string", "rep", guarded<s_rep>, "(s: string, n: integer, between?: string): string", "n times s; at most 1 MiB."},
    {"string", "byte", guarded<s_byte>, "(s: string, at?: integer): integer?", "The byte at a position."},
    {"string", "find", guarded<s_find>, "(s: string, wanted: string, from?: integer, plain?: boolean): integer?, integer?",
     "Plain search: first and last position, or nil. A text that is a pattern in Lua is refused unless `plain` is true."},
    {"string", "contains", guarded<s_contains>, "(s: string, wanted: string): boolean", "Whether s holds the text."},
    {"string", "starts_with", guarded<s_starts_with>, "(s: string, prefix: string): boolean", "Whether s starts with the text."},
    {"string", "ends_with", guarded<s_ends_with>, "(s: string, suffix: string): boolean", "Whether s ends with the text."},
    {"string", "glob", guarded<s_glob>, "(s: string, pattern: string): boolean", "Whether the whole of s matches a glob: * ? [abc]."},
    {"string", "split", guarded<s_split>, "(s: string, separator: string): string[]", "The parts between separators."},
    {"string", "format", guarded<s_format>, "(form: string, ...: any): string", "As in Lua for %d %s %f %g %e %x %c."},
    {"string", "match", guarded<s_absent<kMatch>>, "(...): nil", "Not available: patterns can run without end."},
    {"string", "gmatch", guarded<s_absent<kGmatch>>, "(...): nil", "Not available: patterns can run without end."},
    {"string", "gsub", guarded<s_absent<kGsub>>, "(...): nil", "Not available: patterns can run without end."},
};

}  // namespace

std::span<const ApiFunction> api_strings() { return kFunctions; }

}  // namespace muster::rule
