// What is said of the way to a service.
#include "cli/sources.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

TEST(Sources, AWayOnWhichSomebodyCouldStandIsSaid) {
  const std::string_view none, plain = "the service was asked without TLS",
                               blind = "TLS certificates were not verified";
  struct Case {
    std::string_view url;
    bool verifies;
    std::string_view want;
  };
  for (const auto& [url, verifies, want] :
       {Case{"https://api.northwind.example", true, none},
        Case{"https://api.northwind.example", false, blind},
        Case{"http://api.northwind.example", true, plain},
        Case{"http://api.northwind.example/v1", false, plain},
        // This machine itself, and what only looks like it.
        Case{"http://127.0.0.1:8080", true, none}, Case{"http://localhost/scim", true, none},
        Case{"http://[::1]:8080/scim", true, none}, Case{"https://127.0.0.1:8443", false, blind},
        Case{"http://127.0.0.1.northwind.example", true, plain}, Case{"http://127.evil.example", true, plain},
        Case{"http://localhost.northwind.example", true, plain}, Case{"http://10.0.0.7:8080", true, plain}})
    EXPECT_EQ(warning_of_way(url, verifies), want) << url << ' ' << verifies;
}

TEST(Sources, TheWarningNamesTheServiceAndWhatIsAtStake) {
  Config config;
  config.sources.resize(3);
  config.sources[0].connection.base_url = "http://api.northwind.example";
  config.sources[1].connection.base_url = "https://one.northwind.example";
  config.sources[1].connection.verifies_tls = false;
  config.rosters.resize(1);
  config.rosters[0].format = RosterSource::Format::scim;
  config.rosters[0].service.base_url = "http://idp.northwind.example/scim";
  EXPECT_EQ(tls_warnings(config),
            "muster: WARNING: http://api.northwind.example is asked without TLS: whoever stands between can "
            "read the key and forge the snapshot\n"
            "muster: WARNING: certificates of https://one.northwind.example are not verified: whoever stands "
            "between can read the key and forge the snapshot\n"
            "muster: WARNING: http://idp.northwind.example/scim is asked without TLS: whoever stands between "
            "can read the key and forge the roster\n");
}

}  // namespace
}  // namespace muster::cli
