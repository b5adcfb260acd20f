#include "rule/bytecode.h"

#include <cstring>

namespace muster::rule {
namespace {

// Opcodes of Lua 5.4 that matter here; the order of opcodes is part of the 5.4 format.
enum Opcode : std::uint32_t { kMove = 0, kSetUpvalue = 10, kGetField = 14, kEqualConstant = 60 };

struct Reader {
  std::string_view bytes;
  std::size_t at = 0;
  bool is_bad = false;

  std::uint8_t byte() {
    if (at >= bytes.size()) {
      is_bad = true;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes[at++]);
  }
  void skip(std::size_t n) {
    if (n > bytes.size() - at) {
      is_bad = true;
      at = bytes.size();
    } else {
      at += n;
    }
  }
  // Seven bits a byte, most significant first; the last byte has its top bit set.
  std::size_t number() {
    std::size_t value = 0;
    while (!is_bad) {
      const std::uint8_t b = byte();
      value = (value << 7) | (b & 0x7f);
      if (b & 0x80) break;
    }
    return value;
  }
  // A count of things that take at least one byte each, so a hostile count cannot make us allocate.
  std::size_t count() {
    const std::size_t n = number();
    if (n > bytes.size() - at) is_bad = true;
    return is_bad ? 0 : n;
  }
  std::string text() {
    const std::size_t n = number();
    if (n == 0 || is_bad) return {};
    if (n - 1 > bytes.size() - at) {
      is_bad = true;
      return {};
    }
    std::string out(bytes.substr(at, n - 1));
    at += n - 1;
    return out;
  }
};

struct Upvalue {
  bool in_stack = false;
  std::uint8_t index = 0;
};

struct Function {
  std::vector<std::uint32_t> code;
  std::vector<std::string> constants;  // strings by index; others empty
  std::vector<bool> is_string;
  std::vector<Upvalue> upvalues;
  std::vector<std::string> upvalue_names;
  std::vector<Function> nested;
  std::vector<std::uint32_t> lines;  // by instruction
};

void read_function(Reader& in, Function& out, int depth) {
  if (depth > 200) {
    in.is_bad = true;
    return;
  }
  (void)in.text();  // source
  std::int64_t line = static_cast<std::int64_t>(in.number());
  (void)in.number();  // last line
  in.skip(3);         // parameters, vararg, stack size
  const std::size_t instructions = in.count();
  for (std::size_t i = 0; i < instructions && !in.is_bad; ++i) {
    std::uint32_t word = 0;
    for (int shift = 0; shift < 32; shift += 8) word |= static_cast<std::uint32_t>(in.byte()) << shift;
    out.code.push_back(word);
  }
  const std::size_t constants = in.count();
  for (std::size_t i = 0; i < constants && !in.is_bad; ++i) {
    const std::uint8_t kind = in.byte();
    std::string text;
    bool is_string = false;
    switch (kind) {
      case 0x00: case 0x01: case 0x11: break;      // nil, false, true
      case 0x03: case 0x13: in.skip(8); break;     // integer, float
      case 0x04: case 0x14: text = in.text(); is_string = true; break;
      default: in.is_bad = true; break;
    }
    out.constants.push_back(std::move(text));
    out.is_string.push_back(is_string);
  }
  const std::size_t upvalues = in.count();
  for (std::size_t i = 0; i < upvalues && !in.is_bad; ++i) {
    Upvalue upvalue;
    upvalue.in_stack = in.byte() != 0;
    upvalue.index = in.byte();
    (void)in.byte();
    out.upvalues.push_back(upvalue);
  }
  const std::size_t nested = in.count();
  for (std::size_t i = 0; i < nested && !in.is_bad; ++i) read_function(in, out.nested.emplace_back(), depth + 1);
  const std::size_t deltas = in.count();
  std::vector<std::int8_t> delta;
  for (std::size_t i = 0; i < deltas && !in.is_bad; ++i) delta.push_back(static_cast<std::int8_t>(in.byte()));
  const std::size_t absolutes = in.count();
  std::vector<std::pair<std::size_t, std::size_t>> absolute;
  for (std::size_t i = 0; i < absolutes && !in.is_bad; ++i) {
    const std::size_t pc = in.number();
    absolute.emplace_back(pc, in.number());
  }
  std::size_t next_absolute = 0;
  for (std::size_t pc = 0; pc < delta.size(); ++pc) {
    if (delta[pc] == -0x80) {
      if (next_absolute < absolute.size()) line = static_cast<std::int64_t>(absolute[next_absolute++].second);
    } else {
      line += delta[pc];
    }
    out.lines.push_back(static_cast<std::uint32_t>(line));
  }
  const std::size_t locals = in.count();
  for (std::size_t i = 0; i < locals && !in.is_bad; ++i) {
    (void)in.text();
    (void)in.number();
    (void)in.number();
  }
  const std::size_t names = in.count();
  for (std::size_t i = 0; i < names && !in.is_bad; ++i) out.upvalue_names.push_back(in.text());
}

// For each upvalue of a nested function: which upvalue of the outermost function it is, or -1 when it is a local of some function in between.
void scan(const Function& function, const std::vector<int>& outer, const std::vector<std::string>& outer_names, FunctionFacts& facts) {
  for (std::size_t i = 0; i < function.constants.size(); ++i)
    if (function.is_string[i]) facts.strings.push_back(function.constants[i]);
  std::vector<std::string> field_in_register(256);
  for (std::size_t pc = 0; pc < function.code.size(); ++pc) {
    const std::uint32_t word = function.code[pc];
    const std::uint32_t op = word & 0x7f, a = (word >> 7) & 0xff, b = (word >> 16) & 0xff, c = (word >> 24) & 0xff;
    const std::uint32_t line = pc < function.lines.size() ? function.lines[pc] : 0;
    if (op == kSetUpvalue) {
      const int target = b < outer.size() ? outer[b] : 0;
      if (target >= 0) {
        const auto index = static_cast<std::size_t>(target);
        facts.captured.push_back({index < outer_names.size() ? outer_names[index] : "?", line});
      }
      continue;
    }
    if (op == kEqualConstant && b < function.constants.size() && function.is_string[b] && !field_in_register[a].empty())
      facts.comparisons.push_back({field_in_register[a], line});
    // A register that takes a field keeps its name until the next write. Writes are recognised loosely (operand A): at worst a comparison goes unnoticed
    // here and is decided at run time.
    if (op == kGetField && c < function.constants.size()) {
      field_in_register[a] = function.constants[c];
    } else if (op == kMove) {
      field_in_register[a] = field_in_register[b];
    } else if (op != kEqualConstant && (op < 57 || op > 67)) {
      field_in_register[a].clear();
    }
  }
  for (const Function& nested : function.nested) {
    std::vector<int> map;
    for (const Upvalue& upvalue : nested.upvalues) {
      if (upvalue.in_stack) map.push_back(-1);
      else map.push_back(upvalue.index < outer.size() ? outer[upvalue.index] : 0);
    }
    scan(nested, map, outer_names, facts);
  }
}

}  // namespace

std::optional<FunctionFacts> read_bytecode(std::string_view dump) {
  static constexpr std::string_view kSignature("\x1bLua\x54\x00\x19\x93\r\n\x1a\n", 12);
  if (!dump.starts_with(kSignature)) return std::nullopt;
  Reader in{dump, kSignature.size()};
  if (in.byte() != 4 || in.byte() != 8 || in.byte() != 8) return std::nullopt;  // sizes of instruction, integer, float
  in.skip(16);                                                                   // check values
  (void)in.byte();                                                               // number of upvalues
  Function main;
  read_function(in, main, 0);
  if (in.is_bad || in.at != dump.size()) return std::nullopt;
  std::vector<int> own;
  for (std::size_t i = 0; i < main.upvalues.size(); ++i) own.push_back(static_cast<int>(i));
  FunctionFacts facts;
  scan(main, own, main.upvalue_names, facts);
  return facts;
}

}  // namespace muster::rule
