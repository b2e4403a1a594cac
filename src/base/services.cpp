// SPDX-License-Identifier: MIT
#include "base/name_tables.hpp"
#include "base/names.hpp"
#include "base/read_file.hpp"

namespace lowport {

ServiceLookup find_service(const std::string& name, Transport transport) {
  const auto services = read_file("/etc/services");
  if (!services) {
    return {ServiceLookup::Result::kNoDatabase, 0};
  }
  const auto port = find_service_in(*services, name, transport);
  if (!port) {
    return {ServiceLookup::Result::kUnknown, 0};
  }
  return {ServiceLookup::Result::kFound, *port};
}

}  // namespace lowport
