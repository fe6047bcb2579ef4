import { dictionary } from "../shared/i18n/react";
import en from "./messages/en.json";
import es from "./messages/es.json";

/** The texts of this page. */
export const useWords = dictionary(en, es);
