import "./track.css";
