/** What callers see of every fault of a source, measured over real sockets in virtual time. */
@org.jspecify.annotations.NullMarked
package dev.lanyard.samples.faults;
