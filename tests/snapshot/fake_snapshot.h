// A snapshot put together in memory, with a manifest that fits it unless a test spoils it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/file_system.h"
#include "snapshot/load.h"

namespace muster::snapshot {

/// One line: the object as given, from one provider and organization; `more` are further members of `from`
/// (",\"group_id\":\"g\"").
inline std::string line(std::string_view object, std::string_view provider = "anthropic-admin",
                        std::string_view organization = "org-1", std::string_view more = "") {
  std::string text = "{\"from\":{\"provider\":\"";
  text.append(provider)
      .append("\",\"organization_id\":\"")
      .append(organization)
      .append("\"")
      .append(more)
      .append("},\"object\":")
      .append(object)
      .append("}\n");
  return text;
}

/// One line whose `from` has just the given members ("\"request\":7").
inline std::string line_from(std::string_view members, std::string_view object) {
  return "{\"from\":{" + std::string(members) + "},\"object\":" + std::string(object) + "}\n";
}

struct FakeSnapshot {
  MemoryFileSystem files;
  std::map<Dataset, std::string> data;
  Manifest manifest;

  FakeSnapshot() {
    manifest.organization_name = "Northwind";
    manifest.organization_id = "org-1";
    manifest.provider = "anthropic";
    manifest.collector = "muster 0.1.0";
    manifest.started = *parse_rfc3339("2026-11-20T07:57:12Z");
    manifest.completed = *parse_rfc3339("2026-11-20T08:00:00Z");
    for (const auto& spec : schema().first(kCollectedCount)) {
      DatasetManifest row;
      row.name = spec.name;
      manifest.datasets.push_back(std::move(row));
    }
  }
  DatasetManifest& row(Dataset dataset) { return manifest.datasets[static_cast<std::size_t>(dataset)]; }
  void add(Dataset dataset, const std::string& text) { data[dataset] += text; }
  /// Writes the data files and the rows of the manifest that describe them.
  FakeSnapshot& fit() {
    for (const auto& [dataset, text] : data) {
      DatasetManifest& of = row(dataset);
      of.status = DatasetStatus::complete;
      of.rows = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
      of.bytes = text.size();
      of.sha256 = sha256_hex(text);
      files.add(data_path("snap", dataset), text);
    }
    return *this;
  }
  void write() { files.add("snap/manifest.json", render_manifest(manifest)); }
};

/// "api_keys.status" → a field to load.
inline std::pair<Dataset, std::uint16_t> field(std::string_view name) {
  const auto dot = name.find('.');
  const DatasetSpec& spec = *find_dataset(name.substr(0, dot));
  return {spec.dataset, spec.field(name.substr(dot + 1)).value()};
}

/// Everything that can be loaded: all fields and relations of collected datasets.
inline LoadRequest everything() {
  LoadRequest request;
  for (const auto& spec : schema().first(kCollectedCount)) {
    request.keys.insert(spec.dataset);
    for (std::uint16_t i = 0; i < spec.fields.size(); ++i) request.fields.insert({spec.dataset, i});
  }
  for (std::uint16_t i = 0; i < relations().size(); ++i) request.relations.insert(i);
  return request;
}

}  // namespace muster::snapshot
