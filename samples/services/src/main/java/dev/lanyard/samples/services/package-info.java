/**
 * S3 and DynamoDB for one JVM, small and in memory: servers that verify Signature Version 4 with
 * the session credentials they are told of.
 */
@NullMarked
package dev.lanyard.samples.services;

import org.jspecify.annotations.NullMarked;
