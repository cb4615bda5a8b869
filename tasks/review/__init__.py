"""What is looked at: checks, the contact sheet, the landmarks laid over the portrait.

Start reading at `contact_sheet`. May import: graph and below.
"""
