#include "routes.hpp"

#include <utility>

#include "consumers.hpp"

namespace websock::facade {
namespace {

std::unique_ptr<net::consumer> consumer_of(const net::resource& found) {
    const auto& entry = *static_cast<const route_entry*>(found.route);
    if (const auto* handler = std::get_if<coroutine_handler>(&entry.what)) {
        return make_consumer(*handler);
    }
    return make_consumer(std::get<std::shared_ptr<const handlers>>(entry.what));
}

}  // namespace

net::resource route_entry::as_resource() const {
    if (const auto* content = std::get_if<page>(&what)) {
        return {.what = net::resource::kind::page, .content = content, .subprotocols = {}};
    }
    return {.what = net::resource::kind::websocket,
            .subprotocols = options.subprotocols,
            .route = this};
}

void route_table::set(std::string path, route_entry entry) {
    routes_.insert_or_assign(std::move(path), std::move(entry));
}

net::resource route_table::find(std::string_view path) const {
    const auto found = routes_.find(path);
    return found == routes_.end() ? net::resource() : found->second.as_resource();
}

std::unique_ptr<net::consumer> route_table::make_consumer(const net::resource& found) const {
    return consumer_of(found);
}

net::resource single_route::find(std::string_view) const { return entry_.as_resource(); }

std::unique_ptr<net::consumer> single_route::make_consumer(const net::resource& found) const {
    return consumer_of(found);
}

}  // namespace websock::facade
