package dev.lanyard.samples.orders;

/**
 * One order.
 *
 * @param id what it is found by
 * @param customer who placed it
 * @param text what was ordered
 */
record Order(String id, String customer, String text) {}
