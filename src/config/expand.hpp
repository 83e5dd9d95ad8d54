#pragma once

#include "config/load.hpp"

namespace holdfast::config {

// The short form: `nodes` becomes the full form of the node that this host is, at the level of the tree, so
// that each value keeps the origin "derived from nodes.pg1". What the user wrote elsewhere wins, except where
// it contradicts `nodes`: an error.
void expand_nodes(Node& tree, const LoadRequest& request, Problems& problems);

// The short form of `vip`, and what its instances inherit; after `nodes` and the roles are known.
void expand_vip(Node& tree, const LoadRequest& request, Problems& problems);

// Values that follow from others in both forms: connect addresses, directories, roles, etcd's member.
void fill_derived(Node& tree);

// Sets what the user has not.
void fill(Node& section, const std::string& key, Node value);
// Where a role listens on its own host. Listening needs an address of this machine; a host name may resolve
// to anything (and etcd refuses names).
std::string listen_address(const NodeConfig& node, int port);

// nullptr when this host is none of them; more than one by address is a problem too.
const NodeConfig* find_self(const std::vector<NodeConfig>& nodes, const Node& tree,
                            const LoadRequest& request, Problems& problems);

}  // namespace holdfast::config
