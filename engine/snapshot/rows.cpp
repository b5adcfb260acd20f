#include "snapshot/rows.h"

#include <new>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json.h"
#include "base/text.h"
#include "snapshot/chunk.h"
#include "snapshot/walker.h"

namespace muster::snapshot {
namespace {

namespace ondemand = simdjson::ondemand;

// A giant record must not hold its memory for the rest of the run.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;
// Up to here a second look says what is wrong, and where.
constexpr std::size_t kExplained = std::size_t{1} << 20;

}  // namespace

class RowReader::Impl {
 public:
  Impl(const std::vector<std::string_view>& paths, int levels_around) : levels_(kMaxDepth - levels_around) {
    for (const auto path : paths) (void)walker_.want(path);
    allocate();
  }

  std::string_view list_of(std::string_view object, std::string_view member) {
    ondemand::document document;
    ondemand::object members;
    ondemand::array list;
    std::string_view raw;
    const std::size_t readable = object.size() + kPadding;
    if (slicer().iterate(object.data(), object.size(), readable).get(document) != simdjson::SUCCESS ||
        document.get_object().get(members) != simdjson::SUCCESS ||
        members.find_field_unordered(member).get_array().get(list) != simdjson::SUCCESS ||
        list.raw_json().get(raw) != simdjson::SUCCESS)
      return {};
    return trim(raw);
  }

  std::optional<std::vector<std::string_view>> elements(std::string_view text) {
    std::vector<std::string_view> found;
    ondemand::document document;
    ondemand::array list;
    if (slicer().iterate(text.data(), text.size(), text.size() + kPadding).get(document) !=
            simdjson::SUCCESS ||
        document.get_array().get(list) != simdjson::SUCCESS)
      return std::nullopt;
    std::string_view rest = trim(text).substr(1);
    for (auto element : list) {
      ondemand::value value;
      ondemand::json_type type{};
      ondemand::object object;
      std::string_view raw;
      if (element.get(value) != simdjson::SUCCESS || value.type().get(type) != simdjson::SUCCESS)
        return std::nullopt;
      if (type != ondemand::json_type::object) {
        // Nobody wants such a list: its first odd element tells.
        found.push_back(trim(value.raw_json_token()));
        return found;
      }
      if (value.get_object().get(object) != simdjson::SUCCESS ||
          object.raw_json().get(raw) != simdjson::SUCCESS)
        return std::nullopt;
      found.push_back(trim(raw));
      rest.remove_prefix(static_cast<std::size_t>(raw.data() - rest.data()) + found.back().size());
    }
    if (trim(rest) != "]") return std::nullopt;
    return found;
  }

  Status check(std::string_view record) {
    has_record_ = false;
    const auto error = parser_->parse(record.data(), record.size(), false).error();
    if (error != simdjson::SUCCESS) return explain(record, error);
    tape_ = Tape{parser_->doc.tape.get(), parser_->doc.string_buf.get()};
    if (tape_.type(1) != '{') return fail(ErrorCode::json_syntax, "the record is no object");
    if (const auto twice = walker_.walk(tape_))
      return fail(ErrorCode::json_duplicate,
                  fmt::format("the member \"{}\" stands twice in one object", utf8_prefix(*twice, 200)));
    has_record_ = true;
    is_large_ = record.size() > kKeptCapacity;
    return {};
  }

  [[nodiscard]] std::optional<std::string_view> text(std::size_t path) const {
    if (!has_record_) return std::nullopt;
    const Found& found = walker_.found()[path];
    if (!found.is_there() || tape_.type(found.at) != '"') return std::nullopt;
    return tape_.text(found.at);
  }

 private:
  void allocate() {
    parser_ = std::make_unique<simdjson::dom::parser>();
    if (parser_->allocate(std::size_t{16} << 10, static_cast<std::size_t>(levels_)) != simdjson::SUCCESS)
      throw std::bad_alloc();
  }

  /// A parser that does not keep what a giant text needed.
  ondemand::parser& slicer() {
    if (is_large_) {
      is_large_ = false;
      has_record_ = false;
      allocate();
    }
    if (slicer_.capacity() > kKeptCapacity) slicer_ = ondemand::parser();
    return slicer_;
  }

  Status explain(std::string_view record, simdjson::error_code error) const {
    if (error == simdjson::DEPTH_ERROR)
      return fail(ErrorCode::json_depth, fmt::format("nested deeper than {} levels", kMaxDepth));
    if (record.size() <= kExplained) {
      json::ParseOptions options;
      options.max_depth = levels_;
      if (const auto value = json::parse(record, options); !value) {
        // The place is one of the record, which nobody sees.
        Error found = value.error();
        found.place = {};
        return tl::unexpected(std::move(found));
      }
    }
    return fail(error == simdjson::UTF8_ERROR ? ErrorCode::text_encoding : ErrorCode::json_syntax,
                simdjson::error_message(error));
  }

  int levels_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  ondemand::parser slicer_;
  Walker walker_;
  Tape tape_;
  bool has_record_ = false, is_large_ = false;
};

RowReader::RowReader(const std::vector<std::string_view>& paths, int levels_around)
    : impl_(std::make_unique<Impl>(paths, levels_around)) {}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;

std::string_view RowReader::list_of(std::string_view object, std::string_view member) {
  return impl_->list_of(object, member);
}
std::optional<std::vector<std::string_view>> RowReader::elements(std::string_view list) {
  return impl_->elements(list);
}
Status RowReader::check(std::string_view record) { return impl_->check(record); }
std::optional<std::string_view> RowReader::text(std::size_t path) const { return impl_->text(path); }

}  // namespace muster::snapshot
