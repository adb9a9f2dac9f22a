"""Losses that draw the features of two domains together while a network learns from the labels of one."""
