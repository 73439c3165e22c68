/**
 * A peer on loopback that does to a connection what a test tells it, for what no fake that keeps
 * its contract ever sends. It knows nothing of STS or of an agent.
 */
@NullMarked
package dev.lanyard.peer;

import org.jspecify.annotations.NullMarked;
