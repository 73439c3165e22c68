/**
 * An S3-compatible server for one JVM, small and in memory, that verifies Signature Version 4 with
 * the session credentials it is told of.
 */
@NullMarked
package dev.lanyard.samples.s3;

import org.jspecify.annotations.NullMarked;
