// What a server has at which path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <websock/handler.hpp>
#include <websock/options.hpp>
#include <websock/request.hpp>

#include "../net/application.hpp"

namespace websock::facade {

struct route_entry {
    std::variant<coroutine_handler, std::shared_ptr<const handlers>, page> what;
    route_options options;

    [[nodiscard]] net::resource as_resource() const;
};

/// The routes of a server: set up before it runs, read by all its threads afterwards.
class route_table final : public net::application {
public:
    void set(std::string path, route_entry entry);

    [[nodiscard]] net::resource find(std::string_view path) const override;
    [[nodiscard]] std::unique_ptr<net::consumer> make_consumer(
        const net::resource& found) const override;

private:
    std::map<std::string, route_entry, std::less<>> routes_;
};

/// One handler, at every path.
class single_route final : public net::application {
public:
    explicit single_route(route_entry entry) : entry_(std::move(entry)) {}

    [[nodiscard]] net::resource find(std::string_view path) const override;
    [[nodiscard]] std::unique_ptr<net::consumer> make_consumer(
        const net::resource& found) const override;

private:
    route_entry entry_;
};

}  // namespace websock::facade
