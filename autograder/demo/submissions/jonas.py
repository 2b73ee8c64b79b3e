# blank
